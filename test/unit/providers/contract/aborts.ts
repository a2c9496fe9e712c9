import { CALL, type ContractScene, type Register } from './contract-scene.ts';
import { sampleOwner } from '../../../support/owner.ts';
import type { CallOptions, Provider } from '../../../../src/providers/provider.ts';
import type { ResourceRef } from '../../../../src/run/event.ts';

/** Calls that an abort before their beginning must keep from being made. */
const CALLS: readonly {
  title: string;
  of(provider: Provider, ref: ResourceRef, runId: string, options: CallOptions): Promise<unknown>;
}[] = [
  { title: 'info', of: (provider, _ref, _runId, options) => provider.info(options) },
  { title: 'usedRanges', of: (provider, _ref, _runId, options) => provider.usedRanges(options) },
  { title: 'listOwned', of: (provider, _ref, _runId, options) => provider.listOwned(options) },
  { title: 'listCached', of: (provider, _ref, _runId, options) => provider.listCached(options) },
  { title: 'settle', of: (provider, { name }, _runId, options) => provider.settle([name], options) },
  {
    title: 'relabel',
    of: (provider, ref, runId, options) => provider.relabel(ref, sampleOwner(runId, { pid: 1 }), options),
  },
  { title: 'remove', of: (provider, ref, runId, options) => provider.remove(ref, runId, options) },
];

/** An abort before, within and after each call that changes something, for each kind of object. */
export function testAborts(register: Register, scene: ContractScene): void {
  register.run('a call whose signal is aborted already is not made', async (t) => {
    const run = scene.start(t);
    const [first] = run.specs;
    if (first === undefined) return t.fail('a run creates nothing');
    await scene.create(run, first);
    const before = await scene.inspectAll([first]);
    for (const call of CALLS) {
      const options = { ...CALL, signal: AbortSignal.abort(new Error('aborted before')) };
      await t.throwsAsync(call.of(scene.provider, first, run.runId, options), undefined, call.title);
    }
    t.deepEqual(await scene.inspectAll([first]), before);
  });

  for (const kind of scene.kinds) {
    register.run(`an abort before a ${kind} is created, and one after it`, async (t) => {
      const run = scene.start(t);
      const spec = run.specs.find((candidate) => candidate.kind === kind);
      if (spec === undefined) return t.fail(`a run has no ${kind}`);
      await scene.createUpTo(run, spec);
      await t.throwsAsync(scene.create(run, spec, AbortSignal.abort(new Error('aborted before'))));
      t.deepEqual(
        await scene.inspectAll([spec]),
        scene.listed([spec]).map(() => null),
      );
      const late = new AbortController();
      await scene.create(run, spec, late.signal);
      late.abort();
      for (const name of scene.namesOf([spec])) t.true((await scene.ownedNames(run)).includes(name));
      await scene.removeAndAssertGone(t, run);
    });

    for (const call of ['create', 'remove'] as const) {
      register.run(
        `an abort within the ${call} of a ${kind} leaves nothing after the clean-up`,
        async (t) => {
          for (let variant = 0; variant < scene.subject.abortVariants; variant += 1) {
            const run = scene.start(t);
            const spec = run.specs.find((candidate) => candidate.kind === kind);
            if (spec === undefined) return t.fail(`a run has no ${kind}`);
            await scene.createUpTo(run, spec);
            if (call === 'remove') await scene.create(run, spec);
            await scene.subject.abortWithin(call, variant, (signal) =>
              call === 'create'
                ? scene.create(run, spec, signal)
                : Promise.all(
                    scene
                      .listed([spec])
                      .map((ref) => scene.provider.remove(ref, run.runId, { ...CALL, signal })),
                  ),
            );
            await scene.removeAndAssertGone(t, run);
          }
        },
      );
    }
  }
}
