import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { buildK8sRig } from './k8s-rig.ts';
import { answerProgram, type DialogueResult } from '../../src/dialogue/answer-program.ts';
import { DIALOGUE_LIMITS } from '../../src/dialogue/dialogue.ts';
import { bootstrapDialogue } from '../../src/distributions/k8s-snap-dialogue.ts';
import { HostConversation } from '../../src/process/host-conversation.ts';
import { sampleScenario } from '../support/sample-scenario.ts';

// How `k8s bootstrap --interactive` was observed to behave, row by row: first what happens to a program that answers carelessly, then what
// the dialogue makes of it. The stand-in runs on this host and asks only: it is told to refuse once it has its answers.

const isRoot = process.getuid?.() === 0;
const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
if (!isRoot && !required) process.stderr.write('\nNOT ROOT: the stand-in for k8s asks nobody else.\n\n');
const test: TestFn = (isRoot || required ? anyTest.serial : anyTest.serial.skip) as TestFn;

const program = buildK8sRig('k8s');
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

async function converse(features: string[], pods: string[], services: string[]): Promise<DialogueResult> {
  const { network } = sampleScenario();
  const scenario = sampleScenario({ features, network: { ...network, pods, services } });
  const limits = { ...DIALOGUE_LIMITS, silenceMs: 5000, endMs: 10_000 };
  const conversation = new HostConversation({
    file: await program,
    args: ['bootstrap', '--interactive'],
    env: ENV,
  });
  return await answerProgram(
    conversation,
    { ...bootstrapDialogue(scenario), limits },
    { signal: new AbortController().signal },
  );
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
