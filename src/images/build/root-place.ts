/** A folder of this host that is also there, at the same path, in a root place. */
export interface HostFolder {
  readonly path: string;
  readonly writable: boolean;
}

/** How a command in a root place is run. */
export interface RootPlaceOptions {
  readonly timeoutMs: number;
  /** Ends the command when aborted; the call then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** Where a user without root has it: a machine without a network that sees some folders of this host. It lasts as long as a command. */
export interface RootPlace {
  /** @throws {FailureError} of class `preflight` when there can't be one here, before anything was made. */
  check(signal: AbortSignal): Promise<void>;
  /**
   * Runs a command there as root.
   * @throws {CommandError} when the command fails, {@link FailureError} when the place can't be made or removed.
   */
  run(command: readonly string[], folders: readonly HostFolder[], options: RootPlaceOptions): Promise<void>;
}
