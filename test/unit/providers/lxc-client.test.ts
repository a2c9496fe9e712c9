import test from 'ava';
import { CommandError, type CommandResult, type CommandRunner } from '../../../src/process/command-runner.ts';
import { LXD } from '../../../src/providers/lxc/dialect.ts';
import { LxcClient, LxcNotFoundError, queryArguments } from '../../../src/providers/lxc/lxc-client.ts';
import { never } from '../../support/never.ts';

const CALL = { timeoutMs: 1000, signal: never() };

/** A runner whose only program prints this, or fails with that. */
function runnerOf(stdout: string, stderr: string | null = null): CommandRunner {
  return {
    run: (file, args): Promise<CommandResult> =>
      stderr === null
        ? Promise.resolve({ exitCode: 0, stdout, stderr: '', durationMs: 1 })
        : Promise.reject(
            new CommandError('lxc ended with status 1', {
              kind: 'exit',
              command: [file, ...args],
              exitCode: 1,
              stderr,
            }),
          ),
  };
}

test('a query names the local server and the default project, and waits for operations', (t) => {
  t.deepEqual(queryArguments('GET', '/1.0/networks?recursion=1'), [
    'query',
    '--request',
    'GET',
    'local:/1.0/networks?recursion=1&project=default',
  ]);
  t.deepEqual(queryArguments('POST', '/1.0/profiles', { name: "it's" }), [
    'query',
    '--wait',
    '--request',
    'POST',
    '--data',
    '{"name":"it\'s"}',
    'local:/1.0/profiles?project=default',
  ]);
});

for (const stderr of [
  'Error: Profile not found',
  'Error: Instance not found\n',
  'Error: Network ACL not found',
]) {
  test(`nothing is there: ${stderr.trim()}`, async (t) => {
    const client = new LxcClient(LXD, runnerOf('', stderr));
    t.is(await client.find('/1.0/profiles/x', CALL), null);
    const error = await t.throwsAsync(client.query('GET', '/1.0/profiles/x', undefined, CALL), {
      instanceOf: LxcNotFoundError,
    });
    t.true(error instanceof CommandError, 'it is a failure of the engine as well');
  });
}

for (const stderr of ['Error: The profile is currently in use', 'Error: Name "notfound" is taken']) {
  test(`another failure stays one: ${stderr}`, async (t) => {
    const client = new LxcClient(LXD, runnerOf('', stderr));
    const error = await t.throwsAsync(client.find('/1.0/profiles/x', CALL), { instanceOf: CommandError });
    t.false(error instanceof LxcNotFoundError);
  });
}

for (const { stdout, value } of [
  { stdout: '', value: null },
  { stdout: '{"name":"x"}\n', value: { name: 'x' } },
]) {
  test(`an answer is read: ${JSON.stringify(stdout)}`, async (t) => {
    t.deepEqual(await new LxcClient(LXD, runnerOf(stdout)).query('GET', '/1.0', undefined, CALL), value);
  });
}
