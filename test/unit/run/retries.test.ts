import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FailureError } from '../../../src/run/failure.ts';
import { RunStore } from '../../../src/run/run-store.ts';
import { ScenarioRunner, type ScenarioRunResult } from '../../../src/run/run-scenario.ts';
import { addNodeImage } from '../../support/sample-node-image.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import { SAMPLE_PARTS } from '../../support/sample-plan.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { Program } from '../../support/in-memory-node.ts';
import type { RunEvent } from '../../../src/run/event.ts';

const RUN = 'k7f3q2';
const NODE = `ts-${RUN}-control-plane-1`;

interface Attempts {
  readonly result: ScenarioRunResult;
  readonly provider: InMemoryProvider;
  readonly events: readonly RunEvent[];
  readonly folder: string;
}

/** A run whose programs are functions; what is asked of the API server after the bootstrap never comes, so the plan ends there. */
async function attempt(
  t: ExecutionContext,
  retries: number,
  program: Program,
  interrupted = never(),
): Promise<Attempts> {
  const folder = temporaryDirectory(t);
  const provider = new InMemoryProvider(program);
  const events: RunEvent[] = [];
  const image = await addNodeImage(join(folder, 'cache'));
  const runner = new ScenarioRunner({
    runId: RUN,
    scenario: sampleScenario({ retries }),
    file: 'quickstart.yaml',
    sha256: '',
    version: '0.0.0',
    provider,
    parts: SAMPLE_PARTS,
    store: new RunStore(join(folder, 'state')),
    stateDirectory: join(folder, 'state'),
    reportDir: join(folder, 'report'),
    keep: 'never',
    ownTests: { run: () => Promise.reject(new Error('this plan has no test')) },
    warnings: [],
    sinks: [(event) => events.push(event)],
    image: { kind: 'node', published: null, prepare: () => Promise.resolve(image) },
    interrupted,
    abandoned: never(),
    onSecret: () => undefined,
  });
  return { result: await runner.execute(), provider, events, folder };
}

const created = ({ provider }: Attempts): number =>
  provider.log.filter((call) => call === `create instance/${NODE}`).length;
const failedAttempts = ({ events }: Attempts): RunEvent[] =>
  events.filter(({ type }) => type === 'attempt-failed');

/** Fails `kubeadm init` and knows every other program. */
const failing: Program = ({ file, args }) =>
  Promise.resolve(
    file === 'kubeadm' && args[0] === 'init' ? { exitCode: 1, stderr: 'error: no etcd' } : { exitCode: 0 },
  );

test('a cluster that can not be made is made anew, with new nodes, as often as the scenario allows', async (t) => {
  const attempts = await attempt(t, 2, failing);
  t.is(created(attempts), 3);
  t.is(attempts.provider.log.filter((call) => call === `remove instance/${NODE}`).length, 3);
  t.like(attempts.result.failure, { class: 'infrastructure', step: 'bootstrap/init' });
  t.deepEqual(
    failedAttempts(attempts).map((event) => (event.type === 'attempt-failed' ? event.attempt : null)),
    [1, 2],
  );
  t.is(attempts.result.cleanup.outcome, 'complete');
});

test('what each attempt left to see is kept in a folder of its own', async (t) => {
  const { folder } = await attempt(t, 1, failing);
  const log = (...path: string[]): string =>
    readFileSync(join(folder, 'report', 'diagnostics', ...path, 'bootstrap_init.log'), 'utf8');
  t.regex(log('attempt-1'), /no etcd/);
  t.regex(log(), /no etcd/);
});

test('without retries there is one attempt', async (t) => {
  const attempts = await attempt(t, 0, failing);
  t.is(created(attempts), 1);
  t.deepEqual(failedAttempts(attempts), []);
});

test('an attempt after a failed one starts anew: its failure is its own', async (t) => {
  let inits = 0;
  const attempts = await attempt(t, 1, ({ file, args }) => {
    const isInit = file === 'kubeadm' && args[0] === 'init' && args[1] !== 'phase';
    return Promise.resolve(isInit ? { exitCode: 1, stderr: `error: attempt ${++inits}` } : { exitCode: 0 });
  });
  const [first] = failedAttempts(attempts);
  t.regex(first?.type === 'attempt-failed' ? first.failure.message : '', /attempt 1/);
  t.regex(attempts.result.failure?.message ?? '', /attempt 2/);
});

test('the user who ends the run is not given another attempt', async (t) => {
  const controller = new AbortController();
  const reason = new FailureError({ class: 'interrupted', step: 'run', message: 'SIGINT', hint: null });
  const attempts = await attempt(
    t,
    3,
    (call) => {
      if (call.file === 'kubeadm') controller.abort(reason);
      return failing(call);
    },
    controller.signal,
  );
  t.is(created(attempts), 1);
  t.is(attempts.result.failure?.class, 'interrupted');
  t.is(attempts.result.cleanup.outcome, 'complete');
});
