import { spawn } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { execa } from 'execa';
import { buildRig } from './rig.ts';
import { rootTest as test } from './root-test.ts';
import { answerProgram, type DialogueResult } from '../../src/dialogue/answer-program.ts';
import { DIALOGUE_LIMITS, type DialogueMode } from '../../src/dialogue/dialogue.ts';
import { bootstrapDialogue } from '../../src/distributions/k8s-snap-dialogue.ts';
import { HostConversation } from '../../src/process/host-conversation.ts';
import { startInTerminal, terminalFiles } from '../../src/providers/terminal-program.ts';
import { waitUntil } from '../../src/run/wait-until.ts';
import { never } from '../support/never.ts';
import { sampleScenario } from '../support/sample-scenario.ts';

// How `k8s bootstrap --interactive` was observed to behave, row by row: first what happens to a program that answers carelessly, then what
// the dialogue makes of it. The stand-in runs on this host and asks only: it is told to refuse once it has its answers.

const program = buildRig('k8s');
program.catch(() => undefined);

const REFUSAL = 'the test refuses';
const ENV = { PATH: process.env['PATH'], TWINSTACK_RIG_REFUSE: REFUSAL };
const FLOOD_BYTES = 4 * 1024 * 1024;

interface Careless {
  readonly bytes: number;
  readonly stderr: string;
  readonly stdout: string;
  readonly ended: boolean;
}

/** Writes all at once, ends the input or leaves it open, and looks for as long as given. */
async function careless(input: string, end: boolean, lookMs: number): Promise<Careless> {
  const child = spawn(await program, ['bootstrap', '--interactive'], { env: ENV, stdio: 'pipe' });
  let bytes = 0;
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (stdout.length < 4096) stdout += chunk.toString('utf8').slice(0, 4096);
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  child.stdin.on('error', () => undefined);
  child.stdin.write(input);
  if (end) child.stdin.end();
  const exited = new Promise<boolean>((resolve) => child.once('exit', () => resolve(true)));
  const ended = await Promise.race([exited, delay(lookMs, false)]);
  // Neither of these ends it while it asks.
  child.kill('SIGINT');
  child.kill('SIGTERM');
  const endedBySignal = await Promise.race([exited, delay(200, false)]);
  child.kill('SIGKILL');
  await exited;
  return { bytes, stdout, stderr, ended: ended || endedBySignal };
}

/** On a pseudo-terminal it is started as in a node. */
async function start(
  mode: DialogueMode,
  args: readonly string[] = ['bootstrap', '--interactive'],
  more: Record<string, string> = { TWINSTACK_RIG_REFUSE: REFUSAL },
): Promise<HostConversation> {
  const env = { PATH: process.env['PATH'], ...more };
  const file = await program;
  if (mode === 'pipe') return new HostConversation({ file, args, env });
  const [shell] = await terminalFiles();
  const asShell = join(await mkdtemp(join(tmpdir(), 'twinstack-shell-')), 'as-shell.sh');
  await writeFile(asShell, shell?.content ?? '', { mode: 0o755 });
  const started = startInTerminal({ file, args, mode, mark: 'run/name' });
  return new HostConversation({ ...started, env: { ...env, ...started.env, SHELL: asShell } });
}

async function converse(
  features: string[],
  pods: string[],
  services: string[],
  conversation?: HostConversation,
): Promise<DialogueResult> {
  const { network } = sampleScenario();
  const scenario = sampleScenario({ features, network: { ...network, pods, services } });
  const limits = { ...DIALOGUE_LIMITS, silenceMs: 5000, endMs: 10_000 };
  return await answerProgram(
    conversation ?? (await start('pipe')),
    { ...bootstrapDialogue(scenario), limits },
    { signal: new AbortController().signal },
  );
}

/** A person at a terminal: types, looks at what is printed, and ends the program when all is seen. */
async function atTerminal(
  more: Record<string, string>,
  types: (type: (text: string) => void, printed: (pattern: RegExp) => Promise<void>) => Promise<void>,
): Promise<{ output: string; exitCode: number | null }> {
  const conversation = await start('pty', undefined, more);
  let output = '';
  conversation.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const printed = (pattern: RegExp): Promise<void> =>
    waitUntil(
      () =>
        Promise.resolve(
          pattern.test(output) ? { met: true, value: undefined } : { met: false, missing: output },
        ),
      { condition: `${String(pattern)} was printed`, timeoutMs: 5000, intervalMs: 20, signal: never() },
    );
  try {
    await types((text) => conversation.write(text), printed);
    const { exitCode } = await Promise.race([conversation.ended, delay(500, { exitCode: null })]);
    return { output: output.replaceAll('\r\n', '\n'), exitCode };
  } finally {
    await conversation.kill({ timeoutMs: 5000, signal: never() });
  }
}

/** The program with other arguments, to its end. */
async function once(
  args: readonly string[],
  input: string,
  more: Record<string, string> = {},
): Promise<{ status: number | undefined; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'] ?? '', ...more };
  const options = { input, env, extendEnv: false, reject: false, stripFinalNewline: false, timeout: 20_000 };
  const { exitCode, stdout, stderr } = await execa(await program, [...args], options);
  return { status: exitCode, stdout, stderr };
}

/** A file for what it would have made its cluster from. */
async function pretend(): Promise<{ env: Record<string, string>; made: () => Promise<string> }> {
  const file = join(await mkdtemp(join(tmpdir(), 'twinstack-pretend-')), 'made');
  return { env: { TWINSTACK_RIG_PRETEND: file }, made: () => readFile(file, 'utf8') };
}

const PODS = ['10.1.0.0/16', 'fd01::/108'];
const SERVICES = ['10.152.183.0/24', 'fd98::/108'];

function answered(t: ExecutionContext, result: DialogueResult): void {
  // It has all of its answers, and then does what it was told to.
  t.is(result.outcome, 'failed', JSON.stringify(result.transcript).slice(-500));
  t.true(result.lastLines.some((line) => line.includes(REFUSAL)));
}

test('input at its end from the start: a flood for the careless; with its input open all is answered', async (t) => {
  const { bytes, ended } = await careless('', true, 1500);
  t.true(bytes > FLOOD_BYTES, `${bytes} bytes`);
  t.false(ended);
  answered(t, await converse(['network', 'dns'], PODS, SERVICES));
});

test('all answers in one write, then the end: a flood of the second prompt', async (t) => {
  const { bytes, stdout, ended } = await careless('dns\n10.1.0.0/16\n10.2.0.0/24\n', true, 1500);
  t.true(bytes > FLOOD_BYTES, `${bytes} bytes`);
  t.regex(stdout, /Pod CIDR.*Pod CIDR/s);
  t.notRegex(stdout, /Service CIDR/);
  t.false(ended);
});

test('all answers in one write, input left open: a silent hang at the second prompt; one by one they are taken', async (t) => {
  const { stdout, ended } = await careless('dns\n10.1.0.0/16\n10.2.0.0/24\n', false, 1000);
  t.regex(stdout, /Please set the Pod CIDR: \[10\.1\.0\.0\/16\]: $/);
  t.false(ended);
  answered(t, await converse(['dns'], ['10.1.0.0/16'], ['10.152.183.0/24']));
});

test('an answer without its line end, then the end: taken, and then the flood', async (t) => {
  const { bytes, stdout } = await careless('dns', true, 1000);
  t.regex(stdout, /Pod CIDR/);
  t.true(bytes > FLOOD_BYTES, `${bytes} bytes`);
});

for (const [answer, quoted] of [
  ['foo', '"foo"'],
  ['metrics-server', '"metrics-server"'],
  ['dns,', '""'],
  ['dns network', '"dnsnetwork"'],
  ['dns,\tnetwork', '"\\tnetwork"'],
  ['dns\r', '"dns\\r"'],
] as const) {
  test(`rejected: ${JSON.stringify(answer)} is asked again for ever by the careless, and ends here with the reason`, async (t) => {
    const { stderr, ended } = await careless(`${answer}\n`, false, 500);
    t.is(stderr, `  ${quoted} is not a valid option.\n`);
    t.false(ended);
    const result = await converse([answer], PODS, SERVICES);
    t.is(result.outcome, 'prompt-repeated');
    t.is(result.prompt, 'features');
    t.true(result.reason?.includes(quoted), result.reason ?? '');
    t.is(result.killError, null);
    t.true(result.durationMs < 5000, String(result.durationMs));
  });
}

for (const [name, pods, services, told] of [
  ['a carriage return', ['10.1.0.0/16\r'], ['10.152.183.0/24'], /is not a valid CIDR/],
  ['no range', ['ten'], ['10.152.183.0/24'], /"ten" is not a valid CIDR: invalid CIDR address: ten/],
  ['three ranges', ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16'], SERVICES, /but found 3 instead/],
  ['overlapping ranges', ['10.1.0.0/16'], ['10.1.1.0/24'], /overlap/],
  ['a large service range', PODS, ['10.152.183.0/24', 'fd98::/64'], /cannot be larger than \/108/],
] as const) {
  test(`${name}: refused after the last prompt, without asking again`, async (t) => {
    const result = await converse(['dns'], [...pods], [...services]);
    t.is(result.outcome, 'failed');
    t.deepEqual(result.end, { exitCode: 1, signal: null });
    t.regex(result.lastLines.join('\n'), told);
    t.true(result.lastLines.join('\n').startsWith('Bootstrap config verification failed: invalid cluster'));
  });
}

test('capitals and spaces are fine, and an empty answer is the default', async (t) => {
  answered(t, await converse([' DNS ', ' Network '], PODS, SERVICES));
  answered(t, await converse([], [], []));
});

for (const mode of ['pipe', 'pty'] as const) {
  test(`one answer per prompt, written after the prompt was seen, over a ${mode}: works, status 0`, async (t) => {
    const { env, made } = await pretend();
    const conversation = await start(mode, undefined, env);
    const [pods, services] = [
      ['10.5.0.0/16', 'fd00:5::/108'],
      ['10.152.0.0/24', 'fd00:6::/108'],
    ];
    const result = await converse(['network', 'dns'], pods, services, conversation);
    t.is(result.outcome, 'answered', JSON.stringify(result).slice(-1000));
    t.is(await made(), 'network,dns|10.5.0.0/16,fd00:5::/108|10.152.0.0/24,fd00:6::/108');
    const said = result.transcript.entries.map(({ text }) => text).join('');
    t.true(said.includes('Bootstrapped a new Kubernetes cluster with node address "127.0.0.1:6400".\n'));
    t.true(said.includes('Bootstrapping the cluster. This may take a few seconds, please wait.\n'));
  });

  test(`no daemon, over a ${mode}: no prompt at all and status 1, which is told`, async (t) => {
    const conversation = await start(mode, undefined, { TWINSTACK_RIG_NO_DAEMON: '1' });
    const result = await converse(['dns'], PODS, SERVICES, conversation);
    t.is(result.outcome, 'ended-early');
    t.like(result.end, { exitCode: 1 });
    t.deepEqual(result.lastLines, ['Error: Failed to check the current node status.']);
    t.true(result.durationMs < 3000, String(result.durationMs));
  });

  test(`a node that is in a cluster, over a ${mode}: no prompt and status 1, which is told`, async (t) => {
    const conversation = await start(mode, undefined, { TWINSTACK_RIG_IN_CLUSTER: '1' });
    const result = await converse(['dns'], PODS, SERVICES, conversation);
    t.is(result.outcome, 'ended-early');
    t.like(result.end, { exitCode: 1 });
    t.deepEqual(result.lastLines, ['Error: The node is already part of a cluster']);
  });

  test(`rejected, over a ${mode}: the reason is quoted`, async (t) => {
    const result = await converse(['foo'], PODS, SERVICES, await start(mode));
    t.is(result.outcome, 'prompt-repeated');
    t.is(result.reason, 'it asked for features again: "foo" is not a valid option.');
  });
}

test('all answers in one write on a pty: works, for a terminal hands over one line at a time', async (t) => {
  const { env, made } = await pretend();
  const { output, exitCode } = await atTerminal(env, async (type, printed) => {
    type('dns\n10.1.0.0/16\n10.2.0.0/24\n');
    await printed(/Bootstrapped a new/);
  });
  t.is(exitCode, 0, output);
  t.is(await made(), 'dns|10.1.0.0/16|10.2.0.0/24');
});

test('^D on a pty: one more prompt, no flood', async (t) => {
  const { output, exitCode } = await atTerminal({}, async (type, printed) => {
    await printed(/local-storage\]: $/);
    type('\u0004');
    await printed(/local-storage\]: .*local-storage\]: $/s);
  });
  t.is(exitCode, null, 'it goes on to wait');
  t.is(output.split('Which features').length - 1, 2, output);
});

test('^C at a prompt on a pty: swallowed; after the answers it is why there is no cluster, status 1', async (t) => {
  const { output, exitCode } = await atTerminal({}, async (type, printed) => {
    await printed(/local-storage\]: $/);
    type('\u0003');
    await printed(/\^C/);
    type('dns\n');
    await printed(/Pod CIDR: \[10\.1\.0\.0\/16\]: $/);
    type('\n');
    await printed(/Service CIDR: \[.*\]: $/);
    type('\n');
    await printed(/interrupt signal received/);
  });
  t.regex(output, /k8sd is not ready: .*interrupt signal received/);
  t.is(exitCode, 1);
});

test('--interactive with --file: refused, status 1, no prompt', async (t) => {
  const { status, stdout, stderr } = await once(['bootstrap', '--interactive', '--file', '/dev/null'], '');
  t.is(status, 1);
  t.is(stdout, '');
  t.is(stderr, 'Error: --interactive and --file flags cannot be set at the same time.\n');
});

test('a daemon that refuses: status 1, a blank line and the reason', async (t) => {
  const { status, stderr } = await once(['bootstrap'], '', { TWINSTACK_RIG_REFUSE: REFUSAL });
  t.is(status, 1);
  t.true(stderr.endsWith(`Error: Failed to bootstrap the cluster.\n\nThe error was: ${REFUSAL}\n`), stderr);
});

test('--timeout 1s: a note that it takes 3 s, and status 0', async (t) => {
  const { env } = await pretend();
  const { status, stderr } = await once(['bootstrap', '--timeout', '1s'], '', env);
  t.is(status, 0);
  t.regex(stderr, /Timeout 1s is less than minimum of 3s\. Using the minimum 3s instead\./);
});

test('--file - with an unknown key: status 1, and the key is named', async (t) => {
  const { status, stderr } = await once(['bootstrap', '--file', '-'], 'pod-cdir: 10.1.0.0/16\n');
  t.is(status, 1);
  t.regex(stderr, /^Error: Failed to read bootstrap configuration from "-"\./);
  t.regex(stderr, /field pod-cdir not found in type api\.BootstrapConfig/);
});

test('--file - with empty input: a cluster without any feature, and status 0', async (t) => {
  const { env, made } = await pretend();
  t.is((await once(['bootstrap', '--file', '-'], '', env)).status, 0);
  t.regex(await made(), /^\|/);
});

test('--output-format json: the document is on the line of the last prompt; all is answered', async (t) => {
  const { env } = await pretend();
  const args = ['bootstrap', '--interactive', '--output-format', 'json'];
  const result = await converse(['dns'], PODS, SERVICES, await start('pipe', args, env));
  t.is(result.outcome, 'answered');
  const [document] = result.transcript.entries.filter(({ who }) => who === 'stdout').slice(-1);
  t.deepEqual(Object.keys((JSON.parse(document?.text ?? '') as { node: object }).node), [
    'name',
    'address',
    'cluster-role',
    'datastore-role',
  ]);
});
