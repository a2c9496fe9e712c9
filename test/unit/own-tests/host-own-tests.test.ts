import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { HostOwnTests } from '../../../src/own-tests/host-own-tests.ts';
import { findProcesses } from '../../../src/own-tests/marked-processes.ts';
import { InterruptedError } from '../../../src/run/interrupted-error.ts';
import { waitUntil } from '../../../src/run/wait-until.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { OwnTestEnd } from '../../../src/own-tests/own-test.ts';

const SURROUNDINGS = { nodes: ['ts-a-1', 'ts-a-2'], families: ['ipv4', 'ipv6'] };
let runs = 0;

interface Scene {
  readonly lines: string[];
  readonly runId: string;
  readonly log: string;
  readonly end: Promise<OwnTestEnd>;
}

interface SceneOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly abandoned?: AbortSignal;
  readonly graceMs?: number;
  readonly secrets?: readonly string[];
  readonly env?: Record<string, string>;
  readonly onLine?: (line: string) => void;
}

/** Runs a test that is a program: JavaScript for Node. */
function scene(t: ExecutionContext, command: readonly string[], options: SceneOptions = {}): Scene {
  const reportDir = temporaryDirectory(t);
  const runId = `t${process.pid}x${(runs += 1)}`;
  const lines: string[] = [];
  const { timeoutMs = 30_000, signal = never(), abandoned = never(), graceMs = 5000, env = {} } = options;
  const tests = new HostOwnTests({
    runId,
    env: process.env,
    kubeconfigFile: '/the/kubeconfig',
    reportDir,
    abandoned,
    secrets: new Set(options.secrets),
    graceMs,
  });
  const log = 'tests/1-x.log';
  const end = tests.run({ number: 1, command, cwd: reportDir, env, timeoutMs, log }, SURROUNDINGS, {
    signal,
    onLine: (line) => {
      lines.push(line);
      options.onLine?.(line);
    },
  });
  return { lines, runId, log: join(reportDir, log), end };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((onResolve) => {
    resolve = onResolve;
  });
  return { promise, resolve };
}

const node = (script: string): string[] => [process.execPath, '-e', script];
const runningOf = (runId: string): ReturnType<typeof findProcesses> =>
  findProcesses({ mark: `${runId}/`, session: null });

test('it gets its arguments as they are, its environment, its folder and no standard input', async (t) => {
  const script = `
    const { KUBECONFIG, TWINSTACK_NODES, TWINSTACK_FAMILIES, TWINSTACK_RUN, MINE, HOME } = process.env;
    console.log(JSON.stringify({ args: process.argv.slice(1), KUBECONFIG, TWINSTACK_NODES, TWINSTACK_FAMILIES, TWINSTACK_RUN, MINE, HOME }));
    process.stdin.on('data', () => console.log('input')).on('end', () => console.log('no input'));`;
  const { end, lines, runId, log } = scene(t, [...node(script), '--', 'a b', '$HOME', '*'], {
    env: { MINE: 'yes' },
  });
  t.like(await end, { by: 'exit', exitCode: 0, signal: null, leftRunning: [], unkillable: [], error: null });
  t.deepEqual(JSON.parse(lines[0] ?? ''), {
    args: ['a b', '$HOME', '*'],
    KUBECONFIG: '/the/kubeconfig',
    TWINSTACK_NODES: 'ts-a-1 ts-a-2',
    TWINSTACK_FAMILIES: 'ipv4 ipv6',
    TWINSTACK_RUN: runId,
    MINE: 'yes',
    HOME: process.env['HOME'],
  });
  t.is(lines[1], 'no input');
  t.is(readFileSync(log, 'utf8'), `${lines.join('\n')}\n`);
});

test('lines come while it runs: it ends only after its first line was seen', async (t) => {
  const { promise, resolve } = deferred();
  const { end, runId } = scene(t, node("console.log('first'); setInterval(() => {}, 1000)"), {
    onLine: () => resolve(),
    timeoutMs: 15_000,
  });
  await promise;
  const [running] = await runningOf(runId);
  process.kill(running?.pid ?? 0, 'SIGTERM');
  t.like(await end, { by: 'exit', exitCode: null, signal: 'SIGTERM' });
});

test('its exit status and the end of its output are known', async (t) => {
  const { end } = scene(t, node("console.log('out'); console.error('err'); process.exitCode = 7"));
  const { exitCode, lastLines } = await end;
  t.is(exitCode, 7);
  t.deepEqual([...lastLines].sort(), ['err', 'out']);
});

test('a program that is not there is no crash of ours', async (t) => {
  const { end } = scene(t, ['/nowhere/at/all']);
  t.like(await end, { by: 'not-started', exitCode: null });
  const impossible = scene(t, [process.execPath, 'a\u0000b']);
  t.like(await impossible.end, { by: 'not-started', exitCode: null });
});

test('torn UTF-8, colours, a missing line end and what would move the cursor', async (t) => {
  const script = String.raw`
    const out = (bytes) => new Promise((done) => process.stdout.write(Buffer.from(bytes), done));
    (async () => {
      await out([0xe2, 0x82]);
      await new Promise((done) => setTimeout(done, 50));
      await out([0xac, 0x0a]);
      await out('\u001b[31mred\u001b[0m\n' + '10%\r50%\r100%\n' + 'bell\u0007 \u001bc\n' + 'no end');
    })();`;
  const { end, lines, log } = scene(t, node(script));
  await end;
  t.deepEqual(lines.slice(0, 3), ['€', 'red', '100%']);
  t.regex(lines[3] ?? '', /^bell/);

  t.notRegex(lines.join(''), /[\u0000-\u001f]/);
  t.is(lines[4], 'no end');
  t.true(readFileSync(log).includes('\u001b[31mred'), 'the file has every byte');
});

test('secrets are in neither file, lines nor last lines, also when they come in two pieces', async (t) => {
  const script = `
    process.stdout.write('token abcd', () => setTimeout(() => process.stdout.write('ef.secret and abcd\\n'), 50));`;
  const { end, lines, log } = scene(t, node(script), { secrets: ['abcdef.secret'] });
  const { lastLines } = await end;
  t.deepEqual(lines, ['token [redacted] and abcd']);
  t.deepEqual(lastLines, lines);
  t.is(readFileSync(log, 'utf8'), `${lines.join('')}\n`);
});

test('its deadline: it is asked to end, and what it started with it', async (t) => {
  const child = "require('node:child_process').spawn('sleep', ['1000'])";
  const { end, runId } = scene(t, node(`${child}; setInterval(() => {}, 1000)`), { timeoutMs: 400 });
  t.like(await end, { by: 'timeout', signal: 'SIGTERM', killed: false, unkillable: [] });
  t.deepEqual(await runningOf(runId), []);
});

test('what hangs, forks, leaves its session and ignores SIGTERM is killed after its grace', async (t) => {
  const stubborn =
    "process.on('SIGTERM', () => {}); process.on('SIGINT', () => {}); setInterval(() => {}, 1000);";
  // A grandchild in a session of its own, whose parent is gone; and a child in ours.
  const script = `
    const { spawn } = require('node:child_process');
    const run = (script, detached) => spawn(process.execPath, ['-e', script], { detached, stdio: 'inherit' });
    run(${JSON.stringify(`
      require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { detached: true, stdio: 'inherit' }).unref();
      process.exit(0);`)}, true);
    run(${JSON.stringify(stubborn)}, false);
    ${stubborn}
    setTimeout(() => console.log('armed'), 300);`;
  const controller = new AbortController();
  const { promise: armed, resolve } = deferred();
  const { end, runId } = scene(t, node(script), {
    signal: controller.signal,
    graceMs: 300,
    onLine: () => resolve(),
  });
  await armed;
  await waitUntil(
    async () => {
      const running = await runningOf(runId);
      return running.length >= 3
        ? { met: true, value: null }
        : { met: false, missing: `${running.length} of 3` };
    },
    { condition: 'all three run', timeoutMs: 10_000, intervalMs: 50, signal: never() },
  );
  controller.abort(new InterruptedError('SIGINT'));
  t.like(await end, { by: 'aborted', signal: 'SIGKILL', killed: true, unkillable: [] });
  t.deepEqual(await runningOf(runId), []);
});

test("the user's own signal is passed on, and a test that ends by it has its time", async (t) => {
  const controller = new AbortController();
  const script =
    "process.on('SIGINT', () => setTimeout(() => { console.log('cleaned up'); process.exit(0); }, 100)); console.log('ready'); setInterval(() => {}, 1000)";
  const { end, lines } = scene(t, node(script), {
    signal: controller.signal,
    onLine: (line) => line === 'ready' && controller.abort(new InterruptedError('SIGINT')),
  });
  t.like(await end, { by: 'aborted', exitCode: 0, killed: false });
  t.deepEqual(lines, ['ready', 'cleaned up']);
});

test('who does not want to wait does not wait for the grace', async (t) => {
  const controller = new AbortController();
  const abandoned = new AbortController();
  const started = performance.now();
  const script =
    "process.on('SIGTERM', () => console.log('no')); console.log('ready'); setInterval(() => {}, 1000)";
  const { end } = scene(t, node(script), {
    signal: controller.signal,
    abandoned: abandoned.signal,
    graceMs: 60_000,
    onLine: (line) => {
      if (line === 'ready') controller.abort(new Error('out of time'));
      else abandoned.abort();
    },
  });
  t.like(await end, { by: 'aborted', killed: true });
  t.true(performance.now() - started < 30_000);
});

test('a daemon that it leaves behind with its output open holds nobody up, is named and is ended', async (t) => {
  const script =
    "require('node:child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'inherit' }).unref(); console.log('done')";
  const { end, runId } = scene(t, node(script));
  const { by, exitCode, leftRunning, unkillable } = await end;
  t.deepEqual({ by, exitCode, unkillable }, { by: 'exit', exitCode: 0, unkillable: [] });
  t.deepEqual(
    leftRunning.map(({ name }) => name),
    ['sleep'],
  );
  t.deepEqual(await runningOf(runId), []);
});
