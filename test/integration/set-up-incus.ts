import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { runEntry, type EntryResult } from '../support/run-entry.ts';

/** Where our set-up of Incus records its undo: apart from what set LXD up, so that one can be taken back without the other. */
const SET_UP = { XDG_STATE_HOME: join(tmpdir(), 'twinstack-incus-set-up') };

/** Whether `incus` reaches a daemon here. */
export async function incusAnswers(): Promise<boolean> {
  return execa('incus', ['query', 'local:/1.0'], { stdin: 'ignore', reject: false }).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  );
}

const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';

/** Has our own set-up install and start Incus, in CI where it does not answer; elsewhere a machine is left as it is. */
export async function setUpIncus(): Promise<void> {
  if (!required || (await incusAnswers())) return;
  const { status, stderr } = await runEntry(['doctor', '--provider', 'incus', '--fix', '--yes'], SET_UP);
  if (status !== 0) throw new Error(`doctor --provider incus --fix ended with ${status}:\n${stderr}`);
}

/** Takes back what our set-up of Incus changed; nothing where it was here before. */
export function takeIncusBack(): Promise<EntryResult> {
  return runEntry(['doctor', '--undo', '--yes'], SET_UP);
}
