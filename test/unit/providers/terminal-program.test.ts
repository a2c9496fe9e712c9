import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { HostConversation } from '../../../src/process/host-conversation.ts';
import { CommandError } from '../../../src/process/command-runner.ts';
import { requireTerminal, startInTerminal, terminalFiles } from '../../../src/providers/terminal-program.ts';
import { InMemoryNode, type Program } from '../../support/in-memory-node.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

// On this host, in the way in which a node does it.
const there = await new Promise<boolean>((resolve) =>
  execFile('script', ['--version'], (error, stdout) =>
    resolve(error === null && stdout.includes('util-linux')),
  ),
);
const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
const onTerminal = there || required ? test : test.skip;

async function inTerminal(t: ExecutionContext, file: string, args: string[]): Promise<HostConversation> {
  const [shell] = await terminalFiles();
  const path = join(temporaryDirectory(t), 'as-shell.sh');
  await writeFile(path, shell?.content ?? '');
  await chmod(path, shell?.mode ?? 0);
  const started = startInTerminal({ file, args, mode: 'pty', mark: 'run/name' });
  const env = { PATH: process.env['PATH'], ...started.env, SHELL: path };
  return new HostConversation({ file: started.file, args: started.args, env });
}

async function output(program: HostConversation): Promise<string> {
  let text = '';
  program.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await program.ended;
  if (!program.stdout.readableEnded) await new Promise((resolve) => program.stdout.once('end', resolve));
  return text.replaceAll('\r\n', '\n');
}

const NASTY = ['a b', '', "it's", '"quoted"', '$HOME `id` $(id) \\', 'two\nlines', '*', '-i', '--', ''];

onTerminal('each argument comes as it is', async (t) => {
  const program = await inTerminal(t, 'sh', [
    '-c',
    'for word; do printf "<%s>\\n" "$word"; done',
    'sh',
    ...NASTY,
  ]);
  t.is(await output(program), NASTY.map((word) => `<${word}>\n`).join(''));
});

onTerminal(
  'the program has a terminal on every side, and nothing of ours in its environment but the mark',
  async (t) => {
    const program = await inTerminal(t, 'sh', [
      '-c',
      'test -t 0 && test -t 1 && test -t 2 && echo terminal; echo "$TERM"; env | grep -c TWINSTACK_ARGUMENT',
    ]);
    t.is(await output(program), 'terminal\ndumb\n0\n');
  },
);

for (const status of [0, 1, 42]) {
  onTerminal(`its exit status ${status} passes through`, async (t) => {
    const program = await inTerminal(t, 'sh', ['-c', `exit ${status}`]);
    t.deepEqual(await program.ended, { exitCode: status, signal: null });
  });
}

onTerminal('a program that is not there: 127, and its name', async (t) => {
  const program = await inTerminal(t, 'no-such-program', []);
  t.regex(await output(program), /no-such-program: not found/);
  t.like(await program.ended, { exitCode: 127 });
});

onTerminal('its input is what is written here, a line at a time', async (t) => {
  const program = await inTerminal(t, 'sh', ['-c', 'read -r one; read -r two; echo "<$one> <$two>"']);
  program.write('first\nsecond\n');
  t.regex(await output(program), /<first> <second>\n$/);
});

const node = (program: Program): InMemoryNode => new InMemoryNode('ts-a', program, () => Promise.resolve());
const call = { timeoutMs: 1000, signal: never() };

test('a node without script(1), or with that of another kind, is told with the way out', async (t) => {
  const versions = [
    { exitCode: 127, stderr: 'Error: Command not found' },
    { exitCode: 1, stderr: 'script: unrecognized option: version\nBusyBox v1.36.1' },
    { exitCode: 0, stdout: 'script 1.0' },
  ];
  for (const version of versions) {
    const error = await t.throwsAsync(
      requireTerminal(
        node(() => Promise.resolve(version)),
        call,
      ),
      { instanceOf: CommandError },
    );
    t.regex(error?.message ?? '', /^ts-a has no script\(1\) of util-linux.*bsdutils.*dialogue\.mode: pipe$/);
  }
  const found = { stdout: 'script from util-linux 2.38.1' };
  await t.notThrowsAsync(
    requireTerminal(
      node(() => Promise.resolve(found)),
      call,
    ),
  );
});
