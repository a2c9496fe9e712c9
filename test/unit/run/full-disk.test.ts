import test from 'ava';
import { CommandError } from '../../../src/process/command-runner.ts';
import { failureOf } from '../../../src/run/step-failure.ts';
import type { Step } from '../../../src/plan/plan.ts';

const STEP: Step = {
  id: 'launch/worker-1',
  phase: 'launch',
  title: 'create worker-1',
  needs: [],
  actions: [],
};

/** The failure that a step is whose program said this. */
function failureSaying(stderr: string, advice: string | null = null): ReturnType<typeof failureOf> {
  const error = new CommandError('lxc ended with status 1', {
    kind: 'exit',
    command: ['lxc'],
    exitCode: 1,
    stderr,
  });
  return failureOf(STEP, error, advice);
}

for (const stderr of [
  // LXD 5.0.2, a pool on a disk without room.
  'Error: Failed creating instance from image: Unable to unpack image, run out of disk space',
  'Error: Failed to create file: write /var/lib/incus/storage-pools/p/x: no space left on device',
  'Error: Failed to write to "rootfs/etc/hosts": Disk quota exceeded',
]) {
  test(`a full disk is named, with what to do: ${stderr}`, (t) => {
    const { class: failureClass, message, hint } = failureSaying(stderr);
    t.is(failureClass, 'infrastructure');
    t.true(message.startsWith('create worker-1: the disk is full: '), message);
    t.true(message.includes(stderr), 'the program is quoted');
    t.regex(hint ?? '', /Make room/);
  });
}

test('other failures are not about the disk', (t) => {
  const { message, hint } = failureSaying('Error: disk device "root" is missing a path');
  t.false(message.includes('full'));
  t.false(hint?.includes('Make room'));
});

test('what a step advises itself is not replaced', (t) => {
  t.is(failureSaying('no space left on device', 'Ask somebody.').hint, 'Ask somebody.');
});
