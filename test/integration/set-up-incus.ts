import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers } from './real-engine.ts';
import { runEntry, type EntryResult } from '../support/run-entry.ts';

/** Where our set-up of Incus records its undo: apart from what set LXD up, so that one can be taken back without the other. */
export const SET_UP = { XDG_STATE_HOME: join(tmpdir(), 'twinstack-incus-set-up') };

export const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';

/** Has our own set-up install and start Incus, in CI where it does not answer; elsewhere a machine is left as it is. */
export async function setUpIncus(): Promise<void> {
  if (!required || (await answers('incus'))) return;
  const { status, stderr } = await runEntry(['doctor', '--provider', 'incus', '--fix', '--yes'], SET_UP);
  if (status !== 0) throw new Error(`doctor --provider incus --fix ended with ${status}:\n${stderr}`);
}

/** Takes back what our set-up of Incus changed; nothing where it was here before. */
export function takeIncusBack(): Promise<EntryResult> {
  return runEntry(['doctor', '--undo', '--yes'], SET_UP);
}
