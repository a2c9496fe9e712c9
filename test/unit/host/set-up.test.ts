import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  applyFixes,
  asRoot,
  fixedSinceStart,
  readHostChanges,
  undoFixes,
  type SetUpOptions,
} from '../../../src/host/set-up.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { CommandError, type CommandRunner } from '../../../src/process/command-runner.ts';
import type { Finding } from '../../../src/host/findings/finding.ts';

const DONE = { exitCode: 0, stdout: '', stderr: '', durationMs: 1 };

function scene(failing: string | null = null): { options: SetUpOptions; ran: string[]; recorded: number[] } {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'twinstack-set-up-'));
  const ran: string[] = [];
  const recorded: number[] = [];
  const runner: CommandRunner = {
    async run(file, args) {
      recorded.push((await readHostChanges(stateDirectory)).length);
      ran.push([file, ...args].join(' '));
      if (ran.at(-1) !== failing) return DONE;
      throw new CommandError(`${file} ended with status 100`, {
        kind: 'exit',
        command: [file, ...args],
        exitCode: 100,
        stderr: 'E: Unable to locate package lxd\n',
      });
    },
  };
  const options: SetUpOptions = {
    runner,
    root: true,
    interactive: false,
    stateDirectory,
    signal: new AbortController().signal,
    onCommand: () => undefined,
    onLine: () => undefined,
  };
  return { options, ran, recorded };
}

const findingOf = (id: string): Finding => ({
  id,
  severity: 'blocker',
  cause: '',
  consequence: '',
  advice: null,
  fix: { commands: [{ command: ['fix', id] }], undo: [{ command: ['undo', id] }] },
});

test('the undo is recorded before its fix runs, and taken back newest first', async (t) => {
  const { options, ran, recorded } = scene();
  await applyFixes([findingOf('one'), findingOf('two')], options);
  t.deepEqual(recorded, [1, 2]);
  t.deepEqual(await undoFixes(options), ['two', 'one']);
  t.deepEqual(ran, ['fix one', 'fix two', 'undo two', 'undo one']);
  t.deepEqual(await readHostChanges(options.stateDirectory), []);
});

test("a fix that fails is a preflight failure with the program's own words, and its undo stays recorded", async (t) => {
  const { options } = scene('fix one');
  const error = await t.throwsAsync(applyFixes([findingOf('one'), findingOf('two')], options), {
    instanceOf: FailureError,
  });
  t.is(error.failure.class, 'preflight');
  t.regex(error.message, /Unable to locate package lxd/);
  t.is((await readHostChanges(options.stateDirectory)).length, 1);
});

test('an undo that fails keeps what is left to take back', async (t) => {
  const { options } = scene('undo one');
  await applyFixes([findingOf('one'), findingOf('two')], options);
  await t.throwsAsync(undoFixes(options), { instanceOf: FailureError });
  t.deepEqual(
    (await readHostChanges(options.stateDirectory)).map(({ finding }) => finding),
    ['one'],
  );
});

test('sudo asks nothing where nobody can answer', (t) => {
  t.deepEqual(asRoot(['sysctl'], true, false), ['sysctl']);
  t.deepEqual(asRoot(['sysctl'], false, false), ['sudo', '-n', 'sysctl']);
  t.deepEqual(asRoot(['sysctl'], false, true), ['sudo', 'sysctl']);
});

/** A user without root, and a sudo that allows the commands that match; `sudo -l` asks it, and runs nothing. */
function sudoScene(
  allows: (command: string) => boolean,
  lists = allows,
): { options: SetUpOptions; ran: string[] } {
  const { options } = scene();
  const ran: string[] = [];
  const runner: CommandRunner = {
    run(file, args) {
      const asks = args[1] === '-l';
      const command = args.slice(asks ? 3 : 1).join(' ');
      if (file !== 'sudo' || args[0] !== '-n') throw new Error(`${file} ${args.join(' ')} was run`);
      if (!asks) ran.push(command);
      if ((asks ? lists : allows)(command)) return Promise.resolve(DONE);
      const stderr = command.startsWith('new-program')
        ? 'sudo: new-program: command not found\n'
        : 'sudo: a password is required\n';
      const details = { kind: 'exit', command: [file, ...args], exitCode: 1, stderr } as const;
      return Promise.reject(new CommandError('sudo ended with status 1', details));
    },
  };
  return { options: { ...options, root: false, runner }, ran };
}

test('one command that sudo does not allow: nothing is run or recorded, and every command is told', async (t) => {
  const { options, ran } = sudoScene((command) => command === 'fix one');
  const error = await t.throwsAsync(applyFixes([findingOf('one'), findingOf('two')], options), {
    instanceOf: FailureError,
  });
  t.is(error.failure.class, 'preflight');
  t.regex(error.message, /fix two \(sudo: a password is required\)/);
  t.notRegex(error.message, /fix one/);
  t.regex(error.failure.hint ?? '', /fix one\n {2}fix two$/);
  t.deepEqual(ran, []);
  t.deepEqual(await readHostChanges(options.stateDirectory), []);
});

test('with a sudo that allows all of them, set-up and its undo go through it', async (t) => {
  const { options, ran } = sudoScene(() => true);
  await applyFixes([findingOf('one')], options);
  t.deepEqual(await undoFixes(options), ['one']);
  t.deepEqual(ran, ['fix one', 'undo one']);
});

test('an undo that sudo does not allow takes nothing back, and forgets nothing', async (t) => {
  const { options, ran } = sudoScene((command) => command !== 'undo one');
  await applyFixes([findingOf('one'), findingOf('two')], options);
  await t.throwsAsync(undoFixes(options), { instanceOf: FailureError });
  t.deepEqual(ran, ['fix one', 'fix two']);
  t.is((await readHostChanges(options.stateDirectory)).length, 2);
});

test('a program that an earlier command installs is unknown to sudo, which is no refusal', async (t) => {
  let installed = false;
  const { options } = sudoScene((command) => installed || !command.startsWith('new-program'));
  const commands = [{ command: ['fix', 'one'] }, { command: ['new-program', 'start'] }];
  const finding = { ...findingOf('one'), fix: { commands, undo: [] } };
  const run = applyFixes([finding], {
    ...options,
    onCommand: (command) => (installed ||= command.includes('fix')),
  });
  await t.notThrowsAsync(run);
});

test('a command that sudo lists and then asks a password for: nothing was done, and nothing is recorded', async (t) => {
  const { options } = sudoScene(
    () => false,
    () => true,
  );
  const error = await t.throwsAsync(applyFixes([findingOf('one')], options), { instanceOf: FailureError });
  t.regex(error.message, /a password is required/);
  t.deepEqual(await readHostChanges(options.stateDirectory), []);
});

test('what fails before anything was changed leaves nothing to take back; after that everything', async (t) => {
  const finding = {
    ...findingOf('one'),
    fix: {
      commands: [{ command: ['update'], harmless: true }, { command: ['first'] }, { command: ['second'] }],
      undo: [{ command: ['undo', 'one'] }],
    },
  };
  const early = scene('update').options;
  await t.throwsAsync(applyFixes([finding], early), { instanceOf: FailureError });
  t.deepEqual(await readHostChanges(early.stateDirectory), []);
  const late = scene('second').options;
  await t.throwsAsync(applyFixes([finding], late), { instanceOf: FailureError });
  t.is((await readHostChanges(late.stateDirectory)).length, 1);
  t.deepEqual(await fixedSinceStart(late.stateDirectory), new Set(['one']));
});

test('an undo of what is gone by itself is told and does not hold up the others', async (t) => {
  const { options, ran } = scene('undo gone');
  const gone = {
    ...findingOf('gone'),
    fix: { commands: [{ command: ['fix', 'gone'] }], undo: [{ command: ['undo', 'gone'], mayFail: true }] },
  };
  const said: string[] = [];
  await applyFixes([findingOf('one'), gone], options);
  await undoFixes({ ...options, onLine: (line) => said.push(line) });
  t.deepEqual(ran.slice(2), ['undo gone', 'undo one']);
  t.regex(said.join(), /gone already/);
  t.deepEqual(await readHostChanges(options.stateDirectory), []);
});

test('a record of changes that can not be read is told, and neither used nor overwritten', async (t) => {
  const { options, ran } = scene();
  const file = join(options.stateDirectory, 'host-changes.json');
  const torn = '[{"at":"2026-01-01T00:00:00.000Z","finding":"pack';
  writeFileSync(file, torn);
  for (const attempt of [undoFixes(options), applyFixes([findingOf('one')], options)]) {
    const error = await t.throwsAsync(attempt, { instanceOf: FailureError });
    t.like(error?.failure, { class: 'preflight', step: 'set-up' });
    t.true(error?.failure.message.includes(file), error?.failure.message);
    t.truthy(error?.failure.hint);
  }
  t.deepEqual(ran, []);
  t.is(readFileSync(file, 'utf8'), torn);
  // It only decides whether a warning is given again.
  t.is((await fixedSinceStart(options.stateDirectory)).size, 0);
});
