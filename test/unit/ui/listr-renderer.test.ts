import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import type { RunEvent } from '../../../src/run/event.ts';
import type { Terminal } from '../../../src/ui/describe-terminal.ts';
import { ListrRenderer } from '../../../src/ui/listr-renderer.ts';
import {
  at,
  check,
  failedCheckRun,
  failedLaunchRun,
  interruptedRun,
  passedRun,
  retriedRun,
  RUN_ID,
  singleStackRun,
  STEPS,
  V6_SERVICE,
} from '../report/recorded-run.ts';
import { Paper } from './lines-of.ts';

class Screen extends Paper {
  readonly isTTY = true;
  readonly columns: number;
  readonly rows = 50;

  constructor(columns = 120) {
    super();
    this.columns = columns;
  }
}

const terminal: Terminal = { interactive: true, colour: false, unicode: true, width: 120 };

/** The lines that stay on the screen: what is written from the last frame's first line on. */
function lastFrame(screen: Screen, runId = RUN_ID): string[] {
  const text = stripVTControlCharacters(screen.text);
  return text.slice(text.lastIndexOf(`run ${runId} of quickstart (`)).split('\n');
}

async function drawn(
  events: readonly RunEvent[],
  screen = new Screen(),
  facts = terminal,
): Promise<string[]> {
  const renderer = new ListrRenderer(screen, facts);
  for (const event of events) renderer.handle(event);
  await renderer.close();
  return lastFrame(screen);
}

test('a passed run: phases folded, checks not', async (t) => {
  t.deepEqual(await drawn(passedRun()), [
    'run k7f3q2 of quickstart (scenarios/quickstart.yaml)',
    '✔ image      2.2s',
    '✔ launch     1.1s',
    '✔ bootstrap  8.5s',
    '✔ join       3.0s',
    '✔ apply      0.6s',
    '✔ verify     1.0s',
    '  ✔ run 4 checks 1.0s',
    '  ✔ node/pod-ranges/both/api  (31 ms)',
    '  ✔ service/nginx-dualstack/ipv4/from-node  http://10.152.183.20/ 200 client 10.1.0.1 (12 ms)',
    '  ✔ service/nginx-dualstack/ipv6/from-node  http://[fd98::eaf0]/ 200 client fd01::1 (12 ms)',
    '  ✔ pod/across-nodes/ipv6/no-nat  http://[fd01::800:4]:8080/ 200 client fd01::5 (48 ms, 2 attempts)',
    '✔ cleanup    2.0s',
    '',
    'warning: pod range 10.1.0.0/16 is inside route 10.0.0.0/8',
    '',
    'PASSED  run k7f3q2 of quickstart after 18.5s',
    '  asked for    ipv4 and ipv6 (dual-stack)',
    '  dual-stack   in 13.9s from the start of launch',
    '  ipv4         http://10.152.183.20/ 200 client 10.1.0.1',
    '  ipv6         http://[fd98::eaf0]/ 200 client fd01::1',
    '  checks       4 passed',
    '  clean-up     complete, nothing is left',
    '  report       reports/quickstart',
    '  exit status  0',
    '',
  ]);
});

for (const outcome of ['passed', 'failed', 'not-reached'] as const) {
  test(`a step that is one check is drawn once, with its result: ${outcome}`, async (t) => {
    const step = { id: `verify/${V6_SERVICE}`, phase: 'verify', title: V6_SERVICE } as const;
    const reason = outcome === 'passed' ? null : 'because';
    const lines = await drawn([
      ...passedRun().slice(0, 1),
      at(100, { type: 'phase-started', phase: 'verify' }),
      at(100, { type: 'step-started', step }),
      at(200, { type: 'check-finished', check: check(V6_SERVICE, { outcome, reason }) }),
      at(210, {
        type: 'step-finished',
        step,
        outcome: outcome === 'passed' ? 'passed' : 'failed',
        durationMs: 110,
        message: 'the step',
      }),
    ]);
    const shown = lines.filter((line) => line.includes(V6_SERVICE));
    t.is(shown.length, 1, lines.join('\n'));
    t.regex(shown[0] ?? '', { passed: /^ {2}✔/, failed: /^ {2}✖/, 'not-reached': /^ {2}↓/ }[outcome]);
    t.false(lines.join('\n').includes('the step'));
  });
}

test('a failed step stays open, and what was not reached says so', async (t) => {
  const lines = await drawn(failedLaunchRun());
  t.deepEqual(lines.slice(0, 11), [
    'run k7f3q2 of quickstart (scenarios/quickstart.yaml)',
    '✔ image      2.2s',
    '✖ launch     30.7s',
    '  ↓ start ts-k7f3q2-control-plane-1 (not finished)',
    '  ✖ start ts-k7f3q2-worker-1 30.7s',
    '    › instance ts-k7f3q2-worker-1 did not get an IPv6 address in 30 s',
    '↓ bootstrap  (not reached)',
    '↓ join       (not reached)',
    '↓ apply      (not reached)',
    '↓ verify     (not reached)',
    '✔ cleanup    2.0s',
  ]);
});

test('a failed check has its reason below it', async (t) => {
  const lines = await drawn(failedCheckRun());
  const index = lines.indexOf('  ✖ service/nginx-dualstack/ipv6/from-node');
  t.is(lines[index + 1], '    › no answer from http://[fd98::eaf0]/ in 30 s (30.0s, 14 attempts)');
});

test('an interrupted run says so below the tree', async (t) => {
  const lines = await drawn(interruptedRun());
  t.true(lines.includes('↓ bootstrap  (not finished)'));
  t.true(lines.includes('SIGTERM: stopping, then cleaning up'));
  t.true(lines.includes('  exit status  143'));
});

test('nothing calls a single-stack run dual-stack', async (t) => {
  const lines = await drawn(singleStackRun());
  t.true(lines.includes('  asked for    ipv6 alone (single-stack)'));
  t.notRegex(lines.join('\n').replaceAll(/nginx-?dualstack/g, ''), /dual/i);
});

test('skipped checks are not passed ones', async (t) => {
  const skipped = check(V6_SERVICE, { outcome: 'skipped', reason: 'no route to IPv6' });
  const events = [...passedRun().slice(0, -6), at(16_000, { type: 'check-finished', check: skipped })];
  t.true((await drawn(events)).includes(`  ↓ ${V6_SERVICE}  skipped: no route to IPv6`));
});

test('long lines break between words, at the width of this screen', async (t) => {
  const lines = await drawn(failedCheckRun(), new Screen(60));
  for (const line of lines) t.true(line.length <= 60, line);
  t.true(lines.includes('  ✔ service/nginx-dualstack/ipv4/from-node'));
  t.true(lines.includes('    http://10.152.183.20/ 200 client 10.1.0.1 (12 ms)'));
});

test('ASCII and no colours where that is all there is', async (t) => {
  const screen = new Screen();
  const lines = await drawn(failedCheckRun(), screen, { ...terminal, unicode: false });
  t.notRegex(lines.join('\n'), /[^\u0000-\u007f]/);
  t.true(lines.includes('+ image      2.2s'));
  t.notRegex(screen.text, /\u001b\[[\d;]*m/);
});

test('colours where they are wanted', async (t) => {
  const screen = new Screen();
  await drawn(passedRun(), screen, { ...terminal, colour: true });
  t.true(screen.text.includes('\u001b[32m✔\u001b[39m'));
});

test('what a server answers does not speak to the terminal', async (t) => {
  const screen = new Screen();
  const failed = check(V6_SERVICE, { outcome: 'failed', reason: 'got \u001b]0;title\u0007' });
  await drawn([...passedRun().slice(0, -6), at(16_000, { type: 'check-finished', check: failed })], screen);
  t.true(screen.text.includes('got \\x1b]0;title\\x07'));
  t.false(screen.text.includes('\u0007'));
});

test('a running step tells its time and its progress', async (t) => {
  const screen = new Screen();
  const [, , , init] = STEPS;
  if (init === undefined) throw new Error('no steps');
  const start = passedRun().slice(0, 13);
  const startedMs = Date.parse(start.at(-1)?.at ?? '');
  const renderer = new ListrRenderer(screen, terminal, () => startedMs + 4200);
  for (const event of start) renderer.handle(event);
  // The first frame comes when the screen is ready, and only then does it hear of progress.
  while (!screen.text.includes('kubeadm init')) await new Promise((resolve) => setTimeout(resolve, 20));
  renderer.handle(
    at(7000, { type: 'step-progress', step: init, text: 'waiting for etcd', done: 2, total: 5 }),
  );
  while (!screen.text.includes('4.2s')) await new Promise((resolve) => setTimeout(resolve, 20));
  const frame = lastFrame(screen);
  t.true(frame.includes('❯ bootstrap  4.2s'));
  t.regex(
    frame.join('\n'),
    /\n {2}\S kubeadm init on ts-k7f3q2-control-plane-1 4\.2s\n {4}› waiting for etcd \(2\/5\)\n/,
  );
  t.true(frame.includes('· join'));
  await renderer.close();
});

test('a run that never ends leaves its last frame', async (t) => {
  const lines = await drawn(passedRun().slice(0, 8));
  t.true(lines.includes('↓ launch     (not finished)'));
  t.false(lines.some((line) => line.startsWith('PASSED')));
});

test('one run waits for the screen until the other has left it', async (t) => {
  const screen = new Screen();
  const renderer = new ListrRenderer(screen, terminal);
  const second = passedRun().map((event) => ({ ...event, runId: 'second' }));
  for (const [index, event] of passedRun().entries()) {
    renderer.handle(event);
    const other = second[index];
    if (other !== undefined) renderer.handle(other);
  }
  await renderer.close();
  const text = stripVTControlCharacters(screen.text);
  t.true(text.indexOf('PASSED  run k7f3q2') < text.indexOf('run second of quickstart ('));
  t.true(text.includes('PASSED  run second of quickstart'));
});

test('what can not be drawn is written as lines, and nothing throws', async (t) => {
  const screen = new Screen();
  const renderer = new ListrRenderer(screen, terminal);
  const events = passedRun();
  for (const event of events.slice(0, 8)) renderer.handle(event);
  while (!screen.text.includes('start ts-k7f3q2-worker-1'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  Object.defineProperty(screen, 'columns', {
    get: () => {
      throw new Error('no size');
    },
  });
  t.notThrows(() => {
    for (const event of events.slice(8)) renderer.handle(event);
  });
  await t.notThrowsAsync(renderer.close());
  const text = stripVTControlCharacters(screen.text);
  t.regex(text, /\] bootstrap {2}kubeadm init on ts-k7f3q2-control-plane-1 … done \(8\.5s\)\n/);
  t.regex(text, /\nPASSED {2}run k7f3q2/);
});

test('a screen that is gone does not end the run', async (t) => {
  const screen = new Screen();
  const renderer = new ListrRenderer(screen, terminal);
  screen.destroy(Object.assign(new Error('write EIO'), { code: 'EIO' }));
  t.notThrows(() => {
    for (const event of passedRun()) renderer.handle(event);
  });
  await t.notThrowsAsync(renderer.close());
});

test('a drawing keeps no process alive and listens to no signal', async (t) => {
  const module = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
  const program = `
    import { Writable } from 'node:stream';
    import { ListrRenderer } from ${module('../../../src/ui/listr-renderer.ts')};
    import { passedRun } from ${module('../report/recorded-run.ts')};
    const stream = new Writable({ write(chunk, encoding, done) { done(); } });
    const terminal = { interactive: true, colour: false, unicode: true, width: 80 };
    const renderer = new ListrRenderer(Object.assign(stream, { isTTY: true, columns: 80, rows: 24 }), terminal);
    for (const event of passedRun().slice(0, 8)) renderer.handle(event);
    setTimeout(() => {
      console.log(['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'].map((name) => process.listenerCount(name)).join());
    }, 500);
  `;
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  t.is(code, 0);
  t.is(output.trim(), '0,0,0,0');
});

test('a cluster that is made anew is drawn anew', async (t) => {
  const lines = await drawn(retriedRun());
  t.deepEqual(lines.slice(0, 7), [
    'run k7f3q2 of quickstart (scenarios/quickstart.yaml)',
    '✔ image      2.2s',
    '✔ launch     1.1s',
    '✔ bootstrap  8.5s',
    '✔ join       3.0s',
    '✔ apply      0.6s',
    '✔ verify     1.0s',
  ]);
  t.true(lines.some((line) => line.includes('warning: attempt 1 of 2 failed')));
});
