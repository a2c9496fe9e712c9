import { failureOf } from '../../../../src/run/step-failure.ts';
import { CALL, type ContractScene, type Register } from './contract-scene.ts';
import { whyNot } from './contract-subject.ts';
import type { Step } from '../../../../src/plan/plan.ts';

/** Creations that fail, an engine that is started anew, a disk that is full. */
export function testBadDays(register: Register, scene: ContractScene): void {
  for (const kind of scene.kinds.slice(1)) {
    const title = `a ${kind} that can't be created: what was there before goes, and nothing else`;
    const [sample] = scene.subject.specs('a00000', 1).filter((spec) => spec.kind === kind);
    if (sample === undefined || scene.subject.unfounded(sample) === null) {
      register.skip(`${title} (there is no ${kind} that this engine refuses)`);
      continue;
    }
    register.run(title, async (t) => {
      const [run, bystander] = [scene.start(t), scene.start(t)];
      await scene.createUpTo(bystander, null);
      const position = run.specs.findIndex((spec) => spec.kind === kind);
      const spec = run.specs[position];
      const broken = spec === undefined ? null : scene.subject.unfounded(spec);
      if (spec === undefined || broken === null) return t.fail(`a run has no ${kind}`);
      await scene.createUpTo(run, spec);
      await t.throwsAsync(scene.create(run, broken));
      t.deepEqual(await scene.ownedNames(run), scene.namesOf(run.specs.slice(0, position)));
      await scene.removeAndAssertGone(t, run);
      t.deepEqual(await scene.ownedNames(bystander), scene.namesOf(bystander.specs));
    });
  }

  const nodeKind = scene.subject.specs('a00000', 3).at(-1)?.kind;
  const nodeCount = scene.subject.specs('a00000', 3).filter(({ kind }) => kind === nodeKind).length;
  const thirdFails = 'of three nodes made at the same time the third fails, and all of them go';
  if (nodeCount < 3) {
    register.skip(`${thirdFails} (a ${nodeKind} is all nodes in one)`);
  } else {
    register.run(thirdFails, async (t) => {
      const run = scene.start(t, 3);
      const nodes = run.specs.slice(-3);
      await scene.createUpTo(run, nodes[0] ?? null);
      const third = nodes[2] === undefined ? null : scene.subject.unfounded(nodes[2]);
      if (third === null) return t.fail('there is no node that this engine refuses');
      const made = await Promise.allSettled(
        [...nodes.slice(0, 2), third].map((spec) => scene.create(run, spec)),
      );
      t.deepEqual(
        made.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected'],
      );
      t.deepEqual(await scene.ownedNames(run), scene.namesOf(run.specs.slice(0, -1)));
      await scene.removeAndAssertGone(t, run);
    });
  }

  const { restart, fillDisk } = scene.subject;
  const restarts = 'an engine that is started anew between calls';
  if (typeof restart !== 'function') {
    register.skip(`${restarts} (${whyNot(restart)})`);
  } else {
    register.run(`${restarts} has what was created, and goes on`, async (t) => {
      const run = scene.start(t);
      for (const spec of run.specs) {
        await scene.create(run, spec);
        await restart();
        for (const name of scene.namesOf([spec])) t.true((await scene.ownedNames(run)).includes(name));
      }
      await scene.createUpTo(run, null);
      t.deepEqual(await scene.ownedNames(run), scene.namesOf(run.specs));
      for (const ref of [...scene.listed(run.specs)].reverse()) {
        await scene.provider.remove(ref, run.runId, CALL);
        await restart();
      }
      await scene.removeAndAssertGone(t, run);
    });

    register.run(
      'an engine that is started anew while it creates leaves nothing after the clean-up',
      async (t) => {
        for (const spec of scene.start(t).specs) {
          const run = scene.start(t);
          const same = run.specs.find(({ kind }) => kind === spec.kind);
          if (same === undefined) continue;
          await scene.createUpTo(run, same);
          await Promise.allSettled([scene.create(run, same), restart()]);
          await scene.removeAndAssertGone(t, run);
        }
      },
    );
  }

  const full = 'a full disk is told as one, and nothing stays';
  if (typeof fillDisk !== 'function') {
    register.skip(`${full} (${whyNot(fillDisk)})`);
  } else {
    register.run(full, async (t) => {
      const run = scene.start(t);
      const node = run.specs.at(-1);
      if (node === undefined) return t.fail('a run creates nothing');
      await scene.createUpTo(run, node);
      const makeRoom = await fillDisk();
      t.teardown(makeRoom);
      const error = await t.throwsAsync(scene.create(run, node));
      const failure = failureOf(CREATING, error, null);
      t.is(failure.class, 'infrastructure');
      t.regex(failure.message, /the disk is full/);
      t.regex(failure.hint ?? '', /room/);
      // The disk is still full.
      await scene.removeAndAssertGone(t, run);
      await makeRoom();
      const next = scene.start(t);
      await t.notThrowsAsync(scene.createUpTo(next, null));
    });
  }
}

/** The step of a run in which nodes are created. */
const CREATING: Step = {
  id: 'launch/control-plane-1',
  phase: 'launch',
  title: 'create and start control-plane-1',
  needs: [],
  actions: [],
};
