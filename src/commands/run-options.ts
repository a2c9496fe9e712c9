import type { Keep } from '../run/scenario-run.ts';

/** The options of `run` that concern one scenario. */
export interface RunOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly reportDir?: string | null;
  readonly keep?: Keep;
  readonly set?: readonly string[];
  readonly timeout?: string;
  readonly provider?: string;
  /** False for `--no-egress`. */
  readonly egress?: boolean;
}

/** Options are another way to write a scenario's fields, checked as these are. */
export function overridesOf(options: RunOptions): string[] {
  return [
    ...(options.set ?? []),
    ...(options.timeout === undefined ? [] : [`timeout=${options.timeout}`]),
    ...(options.provider === undefined ? [] : [`provider=${options.provider}`]),
    ...(options.egress === false ? ['egress=blocked'] : []),
  ];
}
