import test from 'ava';
import { Journal } from '../../../src/run/journal.ts';
import { removeRun } from '../../../src/run/remove-run.ts';
import { RunEvents } from '../../../src/run/run-events.ts';
import { runPlan } from '../../../src/run/run-plan.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { sampleOwner } from '../../support/owner.ts';
import { samplePlan, SAMPLE_RUN } from '../../support/sample-plan.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NODES = 20;

test(`${NODES} nodes are launched at the same time, and removed at the same time`, async (t) => {
  const plan = samplePlan(
    sampleScenario({ nodes: { controlPlanes: 1, workers: NODES - 1, controllerRole: null } }),
  );
  const steps = plan.steps.filter(({ phase }) => phase === 'launch');
  const provider = new InMemoryProvider(() => Promise.resolve({}));
  const journal = new Journal(temporaryDirectory(t));
  const owner = sampleOwner(SAMPLE_RUN);
  const result = await runPlan(
    { ...plan, steps, checks: [] },
    {
      provider,
      owner,
      journal,
      events: new RunEvents(SAMPLE_RUN, []),
      values: new Map(),
      signal: never(),
      onSecret: () => undefined,
      ownTests: { run: () => Promise.reject(new Error('this plan has no test')) },
      onKubeconfig: () => Promise.resolve(),
    },
  );
  t.is(result.failure, null);
  t.is(plan.nodes.length, NODES);
  for (const { name } of plan.nodes) t.true(provider.isStarted(name), name);
  t.is(provider.mostAtOnce('create'), NODES);
  t.is(provider.mostAtOnce('start'), NODES);

  const removal = await removeRun(provider, SAMPLE_RUN, journal, { timeoutMs: 5000, signal: never() });
  t.like(removal, { outcome: 'complete', leaked: [] });
  t.is(provider.mostAtOnce('remove'), NODES);
  t.deepEqual(await provider.listOwned({ timeoutMs: 1000, signal: never() }), []);
  const removals = provider.log.filter((call) => call.startsWith('remove instance/'));
  t.is(new Set(removals).size, NODES);
  t.is(removals.length, NODES, 'each once');
});
