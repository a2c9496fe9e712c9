/** A check's result. What did not run is never `passed`: it is `skipped` with a reason, or `not-reached`. */
export interface CheckResult {
  /**
   * `subject/name/family/path[/detail]`, such as `service/nginx-dualstack/ipv6/from-node`. The family is exactly one of `ipv4`,
   * `ipv6` and `both`, and these words stand nowhere else in an id.
   */
  readonly id: string;
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'not-reached';
  /** Why it failed or was skipped; null when it passed. */
  readonly reason: string | null;
  readonly durationMs: number;
  readonly attempts: number;
  /** What was seen, as data; `clientAddress` is what the server saw. Null when nothing was observed. */
  readonly evidence: Readonly<Record<string, unknown>> | null;
}
