import { CALL, nameOf, type ContractScene, type Register } from './contract-scene.ts';
import { encodeLease } from '../../../../src/run/lease.ts';
import { newRunId } from '../../../../src/run/run-identity.ts';
import { sampleLease, sampleOwner } from '../../../support/owner.ts';
import type { LabelTexts } from './contract-subject.ts';

const LEASE = encodeLease(sampleLease());

/** Labels that are not those of the run, each nearer to them than the one before. */
const LABELS: readonly { title: string; of(runId: string): LabelTexts | null }[] = [
  { title: 'no label', of: () => null },
  { title: "another run's label", of: () => ({ run: newRunId(), lease: LEASE }) },
  { title: "a label that begins with our run's id", of: (runId) => ({ run: `${runId}x`, lease: LEASE }) },
  { title: 'a label that says nothing', of: () => ({ run: '{"run": [', lease: '["", null, -1]' }) },
];

/** Whose an object is, is what its label says: names decide nothing. */
export function testOwnership(register: Register, scene: ContractScene): void {
  for (const label of LABELS) {
    register.run(
      `objects with our names and ${label.title} are neither taken over nor removed`,
      async (t) => {
        const run = scene.start(t);
        t.teardown(async () => {
          for (const { kind, name } of [...run.specs].reverse())
            await scene.subject.removeForeign(kind, name);
        });
        for (const spec of run.specs) await scene.subject.addForeign(spec, label.of(run.runId));
        const before = await scene.inspectAll(run.specs);
        t.false(before.includes(null));
        for (const spec of run.specs) {
          await t.throwsAsync(scene.create(run, spec), { message: /does not belong to run/ }, nameOf(spec));
        }
        t.deepEqual(await scene.owned(run), []);
        for (const { kind, name } of [...scene.listed(run.specs)].reverse()) {
          await scene.provider.remove({ kind, name }, run.runId, CALL);
          await scene.provider.relabel({ kind, name }, sampleOwner(run.runId, { pid: 1 }), CALL);
        }
        await scene.removeRun(t, run);
        t.deepEqual(await scene.inspectAll(run.specs), before);
      },
    );
  }

  register.run('a lease that can not be read is none, and whose object it is stays known', async (t) => {
    const run = scene.start(t);
    const [first] = run.specs;
    if (first === undefined) return t.fail('a run creates nothing');
    t.teardown(() => scene.subject.removeForeign(first.kind, first.name));
    await scene.subject.addForeign(first, { run: run.runId, lease: 'nobody' });
    t.like(await scene.owned(run), [{ kind: first.kind, name: first.name, lease: null }]);
    await scene.removeRun(t, run);
    t.is(await scene.subject.inspect(first.kind, first.name), null);
  });

  register.run('objects whose names begin with ours survive the removal of what is ours', async (t) => {
    const run = scene.start(t);
    const alike = scene.subject.specs(`${run.runId}x`, 1);
    t.teardown(async () => {
      for (const { kind, name } of [...scene.listed(alike)].reverse())
        await scene.subject.removeForeign(kind, name);
    });
    for (const spec of alike) await scene.subject.addForeign(spec, { run: `${run.runId}x`, lease: LEASE });
    const before = await scene.inspectAll(alike);
    await scene.createUpTo(run, null);
    await scene.removeAndAssertGone(t, run);
    t.deepEqual(await scene.inspectAll(alike), before);
  });

  register.run('of two runs side by side each removes only its own', async (t) => {
    const [one, other] = [scene.start(t), scene.start(t)];
    await Promise.all([scene.createUpTo(one, null), scene.createUpTo(other, null)]);
    t.deepEqual(await scene.ownedNames(one), scene.namesOf(one.specs));
    t.deepEqual(await scene.ownedNames(other), scene.namesOf(other.specs));
    await scene.removeAndAssertGone(t, one);
    t.deepEqual(await scene.ownedNames(other), scene.namesOf(other.specs));
    t.false((await scene.inspectAll(other.specs)).includes(null));
    await scene.removeAndAssertGone(t, other);
  });

  register.run('two runs that end at the same time leave nothing', async (t) => {
    const [one, other] = [scene.start(t), scene.start(t)];
    await Promise.all([scene.createUpTo(one, null), scene.createUpTo(other, null)]);
    await Promise.all([scene.removeRun(t, one), scene.removeRun(t, other)]);
    await scene.assertGone(t, one);
    await scene.assertGone(t, other);
  });
}
