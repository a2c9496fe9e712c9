import test from 'ava';
import { CommandError } from '../../../src/process/command-runner.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { processStartTicks } from '../../../src/run/lease.ts';
import { waitUntil, type Look } from '../../../src/run/wait-until.ts';
import { never } from '../../support/never.ts';

const runner = new HostCommandRunner();
const LONG = { timeoutMs: 20_000 };
/** Long against what is tested, short against the test runner's patience: a program that nobody ended fails the test. */
const FOREVER = 'setTimeout(() => {}, 60_000)';

const node = (script: string): [string, string[]] => [process.execPath, ['-e', script]];

async function waitUntilGone(pid: number): Promise<void> {
  await waitUntil(
    async (): Promise<Look<null>> =>
      (await processStartTicks(pid)) === null
        ? { met: true, value: null }
        : { met: false, missing: `process ${pid} still runs` },
    { condition: `process ${pid} is gone`, timeoutMs: 5000, intervalMs: 20, signal: never() },
  );
}

test('gives status and both streams, without the last line end', async (t) => {
  const [file, args] = node('console.log("out"); console.error("err")');
  const result = await runner.run(file, args, { ...LONG, signal: never() });
  t.like(result, { exitCode: 0, stdout: 'out', stderr: 'err' });
  t.true(result.durationMs > 0);
});

for (const { title, accept, ok } of [
  { title: 'is an error by default', accept: undefined, ok: false },
  { title: 'is an error when another one is accepted', accept: [4], ok: false },
  { title: 'is a result when accepted', accept: [0, 3], ok: true },
  { title: 'is a result when any is accepted', accept: 'any' as const, ok: true },
]) {
  test(`status 3 ${title}`, async (t) => {
    const [file, args] = node('console.error("first\\nlast words"); process.exitCode = 3');
    const options = { ...LONG, signal: never(), ...(accept === undefined ? {} : { accept }) };
    const call = runner.run(file, args, options);
    if (ok) {
      t.is((await call).exitCode, 3);
      return;
    }
    const error = await t.throwsAsync(call, { instanceOf: CommandError });
    t.like(error, { kind: 'exit', exitCode: 3, stderr: 'first\nlast words' });
    t.regex(error?.message ?? '', /ended with status 3: last words$/);
  });
}

test('says that a program is not installed', async (t) => {
  const call = runner.run('twinstack-no-such-program', [], { ...LONG, signal: never(), onLine: () => {} });
  const error = await t.throwsAsync(call, { instanceOf: CommandError });
  t.is(error?.kind, 'not-found');
  t.regex(error?.message ?? '', /twinstack-no-such-program is not installed/);
});

test('names the signal that ended a program', async (t) => {
  const [file, args] = node('process.kill(process.pid, "SIGKILL")');
  const error = await t.throwsAsync(runner.run(file, args, { ...LONG, signal: never(), accept: 'any' }));
  t.like(error, { kind: 'signal' });
  t.regex(error.message, /was ended by SIGKILL/);
});

test('a program past its deadline is ended, and the error keeps what it printed', async (t) => {
  const [file, args] = node(`console.log("so far"); ${FOREVER}`);
  const error = await t.throwsAsync(runner.run(file, args, { timeoutMs: 700, signal: never() }), {
    instanceOf: CommandError,
  });
  t.like(error, { kind: 'timeout', stdout: 'so far' });
  t.regex(error?.message ?? '', /did not end within 0\.7 s/);
});

test('a deadline holds against a status that is accepted', async (t) => {
  const [file, args] = node(`process.on("SIGTERM", () => process.exit(0)); console.log(1); ${FOREVER}`);
  const controller = new AbortController();
  const call = runner.run(file, args, { timeoutMs: 700, signal: controller.signal, accept: 'any' });
  t.like(await t.throwsAsync(call), { kind: 'timeout' });
});

test('an abort ends the program and what it started, and rejects with its reason', async (t) => {
  const grandchild = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(FOREVER)}], { stdio: "inherit" })`;
  const [file, args] = node(`console.log(process.pid, ${grandchild}.pid); ${FOREVER}`);
  const controller = new AbortController();
  const reason = new Error('enough');
  let pids: number[] = [];
  const call = runner.run(file, args, {
    ...LONG,
    signal: controller.signal,
    onLine: (line) => {
      pids = line.split(' ').map(Number);
      controller.abort(reason);
    },
  });
  t.is(await t.throwsAsync(call), reason);
  t.is(pids.length, 2);
  for (const pid of pids) await waitUntilGone(pid);
});

test('nothing is started once the signal is aborted', async (t) => {
  const reason = new Error('too late');
  t.is(await t.throwsAsync(runner.run('node', [], { ...LONG, signal: AbortSignal.abort(reason) })), reason);
});

test('a program that ends is not waited for longer because its child holds the output open', async (t) => {
  const child = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(FOREVER)}], { stdio: "inherit" })`;
  const [file, args] = node(`console.log(${child}.pid); process.exit(0)`);
  const { stdout, durationMs } = await runner.run(file, args, { ...LONG, signal: never() });
  const pid = Number(stdout);
  t.teardown(() => process.kill(pid, 'SIGKILL'));
  t.true(durationMs < 5000);
  t.not(await processStartTicks(pid), null, 'what it left behind on purpose goes on');
});

test('standard input is closed: cat ends at once', async (t) => {
  t.is((await runner.run('cat', [], { ...LONG, signal: never() })).stdout, '');
});

test('input reaches the program whole', async (t) => {
  const input = 'ünïcode ♥\n'.repeat(20_000);
  t.is((await runner.run('cat', [], { ...LONG, signal: never(), input })).stdout, input.trimEnd());
});

test('input that nobody reads is no error', async (t) => {
  const result = await runner.run('true', [], { ...LONG, signal: never(), input: 'x'.repeat(1_000_000) });
  t.is(result.exitCode, 0);
});

test('every line is told, in order, before the call ends; a last one without its end too', async (t) => {
  const [file, args] = node(
    'for (let i = 0; i < 3000; i++) console.log(`ä${i}`); process.stdout.write("end")',
  );
  const lines: string[] = [];
  await runner.run(file, args, { ...LONG, signal: never(), onLine: (line) => lines.push(line) });
  t.deepEqual(lines, [...Array.from({ length: 3000 }, (_, index) => `ä${index}`), 'end']);
});

test('lines say which stream they came from', async (t) => {
  const lines: string[] = [];
  const [file, args] = node('console.log("a\\r"); console.error("b")');
  const onLine = (line: string, stream: string): void => void lines.push(`${stream}: ${line}`);
  await runner.run(file, args, { ...LONG, signal: never(), onLine });
  t.deepEqual(lines.sort(), ['stderr: b', 'stdout: a']);
});

test('a reader of lines that throws ends the program and is the reason', async (t) => {
  const [file, args] = node(`console.log("x"); ${FOREVER}`);
  const reason = new Error('reader');
  const onLine = (): void => {
    throw reason;
  };
  t.is(await t.throwsAsync(runner.run(file, args, { ...LONG, signal: never(), onLine })), reason);
});

test('the environment is added to what the program inherits', async (t) => {
  const [file, args] = node('console.log(process.env.TWINSTACK_TEST, process.env.PATH !== undefined)');
  const env = { TWINSTACK_TEST: 'on' };
  t.is((await runner.run(file, args, { ...LONG, signal: never(), env })).stdout, 'on true');
});

test('arguments pass through no shell', async (t) => {
  const [file, args] = node('console.log(JSON.stringify(process.argv.slice(1)))');
  const odd = ['$HOME', 'a b', '*', "'", ';exit'];
  t.deepEqual(
    JSON.parse((await runner.run(file, [...args, ...odd], { ...LONG, signal: never() })).stdout),
    odd,
  );
});

test('a program leads a process group of its own, which a Ctrl-C at our terminal does not reach', async (t) => {
  const [file, args] = node(
    'console.log(process.pid, require("fs").readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")[2])',
  );
  const [pid, group] = (await runner.run(file, args, { ...LONG, signal: never() })).stdout.split(' ');
  t.is(group, pid);
});
