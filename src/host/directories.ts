import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where a user's files of ours are; the XDG base directory specification says that relative values are ignored. */
export interface Directories {
  /** Runs: journals, kubeconfigs, reports. */
  readonly state: string;
  /** Node images and what they are built from. */
  readonly cache: string;
}

/** Reads the directories from an environment, without creating them. */
export function directoriesOf(env: Readonly<Record<string, string | undefined>>): Directories {
  const base = (variable: string, ...fallback: string[]): string => {
    const value = env[variable];
    return value !== undefined && isAbsolute(value) ? value : join(homedir(), ...fallback);
  };
  return {
    state: join(base('XDG_STATE_HOME', '.local', 'state'), 'twinstack'),
    cache: join(base('XDG_CACHE_HOME', '.cache'), 'twinstack'),
  };
}
