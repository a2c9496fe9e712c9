import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { endScript } from '../../../src/providers/terminal-program.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const script = await endScript();
let count = 0;
const newMark = (): string => `test-${process.pid}-${(count += 1)}/bootstrap`;

function end(mark: string, path = process.env['PATH']): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync('/bin/sh', ['-s', '--', mark], {
    input: script,
    env: { PATH: path },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stderr };
}

/** Starts a shell with a mark; it says the ids of what it started, one a line, and `ready`. */
async function start(
  t: ExecutionContext,
  mark: string,
  text: string,
): Promise<{ child: ChildProcess; pids: number[] }> {
  const child = spawn('/bin/sh', ['-c', `${text}\necho ready; wait; sleep 300`], {
    env: { PATH: process.env['PATH'], TWINSTACK_DIALOGUE: mark },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  while (!said.includes('ready')) await once(child.stdout, 'data');
  const pids = [
    child.pid ?? 0,
    ...said
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number),
  ];
  t.teardown(() => {
    // The shell's group, and what has one of its own: whoever holds its output keeps this process waiting.
    for (const pid of [-(child.pid ?? 0), ...pids]) spawnSync('kill', ['-KILL', '--', String(pid)]);
    child.stdout.destroy();
  });
  return { child, pids };
}

/** Whether a process is there and at work: one that is dead and was not taken note of is neither. */
function isThere(pid: number): boolean {
  const { status, stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && !stdout.trim().startsWith('Z');
}

function gone(mark: string): void {
  const deadline = Date.now() + 10_000;
  while (end(mark).status !== 0)
    if (Date.now() > deadline) throw new Error(`something with ${mark} is there`);
}

test('children, grandchildren and what has a session of its own are ended, and it is told when none is left', async (t) => {
  const mark = newMark();
  const { pids } = await start(
    t,
    mark,
    'trap "" INT TERM HUP; sleep 300 & echo $!; (sleep 300 & echo $!; sleep 300) & echo $!; setsid sh -c "echo \\$\\$; exec sleep 300" & sleep 0.2',
  );
  t.true(pids.length >= 5, pids.join(' '));
  t.is(end(mark).status, 1, 'there were some');
  gone(mark);
  t.deepEqual(pids.filter(isThere), []);
});

test('what has left its session and has an environment of its own too', async (t) => {
  const mark = newMark();
  const { pids } = await start(
    t,
    mark,
    'env -i setsid /bin/sh -c "echo \\$\\$; /bin/sleep 300 & echo \\$!; wait" & sleep 0.2',
  );
  t.is(pids.length, 3);
  gone(mark);
  t.deepEqual(pids.filter(isThere), []);
});

test('what starts children faster than they are counted', async (t) => {
  const mark = newMark();
  await start(
    t,
    mark,
    '(while :; do sleep 0.01; done) & (while :; do env -i /bin/sleep 2 & sleep 0.02; done) &',
  );
  gone(mark);
  t.is(end(mark).status, 0);
});

test('others are left alone: no mark, another mark, one that has this one in it', async (t) => {
  const mark = newMark();
  const others = await Promise.all([
    start(t, `${mark}2`, ''),
    start(t, `x${mark}`, ''),
    start(t, newMark(), ''),
  ]);
  t.is(end(mark).status, 0);
  t.is(end(mark.replace('test-', 'test.')).status, 0, 'a mark is a text and no pattern');
  t.true(others.every(({ child }) => isThere(child.pid ?? 0)));
});

test('what can not be seen is not said to be gone: a machine without grep', async (t) => {
  const mark = newMark();
  const { pids } = await start(t, mark, '');
  const folder = join(temporaryDirectory(t), 'bin');
  await mkdir(folder);
  t.is(end(mark, folder).status, 2);
  // One that knows no -z.
  await symlink('/bin/false', join(folder, 'grep'));
  const { status, stderr } = end(mark, folder);
  t.is(status, 2);
  t.regex(stderr, /grep -z and \/proc are needed/);
  t.true(isThere(pids[0] ?? 0));
});
