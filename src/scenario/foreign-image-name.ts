import { installsSnap } from './installation.ts';
import type { Scenario } from './scenario.ts';

/** An image of the engine's that is none of ours, as a scenario names it. */
export interface ForeignImageName {
  /** Where the engine's client knows to look, such as `ubuntu`; `local` is the engine itself. */
  readonly remote: string;
  /** Such as `24.04`; a fingerprint, or the beginning of one, is taken too. */
  readonly alias: string;
}

/** What comes before the colon is no path: with a slash in it, or a dot at the beginning, it is a file's. */
const REMOTE_AND_ALIAS = /^([A-Za-z0-9][\w.-]*):([^\s:][^\s]*)$/;

/** Reads `REMOTE:ALIAS`; null for everything else, such as a path or a key. A path with a colon is written `./a:b`. */
export function parseForeignImage(text: string): ForeignImageName | null {
  const [, remote, alias] = REMOTE_AND_ALIAS.exec(text) ?? [];
  return remote === undefined || alias === undefined ? null : { remote, alias };
}

/** The name as a scenario has it. */
export function formatForeignImage({ remote, alias }: ForeignImageName): string {
  return `${remote}:${alias}`;
}

/** Whether the nodes are made of an image that is none of ours. */
export function takesForeignImage(scenario: Pick<Scenario, 'distribution' | 'install' | 'image'>): boolean {
  return scenario.image === null ? installsSnap(scenario) : parseForeignImage(scenario.image) !== null;
}
