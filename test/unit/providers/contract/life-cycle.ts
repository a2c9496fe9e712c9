import { CALL, nameOf, type ContractScene, type Register } from './contract-scene.ts';
import { sampleLease, sampleOwner } from '../../../support/owner.ts';

/** Creating, listing, labelling anew and removing: once, twice, and of what was never there. */
export function testLifeCycle(register: Register, scene: ContractScene): void {
  register.run('what is created is listed with its run and lease', async (t) => {
    const run = scene.start(t);
    await scene.createUpTo(run, null);
    const listed = (await scene.owned(run)).map(({ kind, name, lease }) => ({ kind, name, lease }));
    const wanted = scene.listed(run.specs).map(({ kind, name }) => ({ kind, name, lease: sampleLease() }));
    const byName = (one: { kind: string; name: string }, other: { kind: string; name: string }): number =>
      nameOf(one).localeCompare(nameOf(other));
    t.deepEqual(listed.sort(byName), wanted.sort(byName));
    await scene.removeAndAssertGone(t, run);
  });

  register.run("a network's ranges are in use once it is there", async (t) => {
    const run = scene.start(t);
    const network = run.specs.find((spec) => spec.kind === 'network');
    t.truthy(network);
    await scene.createUpTo(run, run.specs[run.specs.findIndex((spec) => spec === network) + 1] ?? null);
    const used = await scene.provider.usedRanges(CALL);
    for (const { gateway, cidr } of network?.ranges ?? []) {
      const length = cidr.split('/')[1];
      t.true(used.includes(cidr) || used.includes(`${gateway}/${length}`), `${cidr} in ${used.join(' ')}`);
    }
  });

  register.run('creating twice with the same owner is fine, and changes nothing', async (t) => {
    const run = scene.start(t);
    await scene.createUpTo(run, null);
    const before = await scene.inspectAll(run.specs);
    await scene.createUpTo(run, null);
    t.deepEqual(await scene.inspectAll(run.specs), before);
    t.deepEqual(await scene.ownedNames(run), scene.namesOf(run.specs));
  });

  register.run('removing twice is fine, and so is removing what never was', async (t) => {
    const run = scene.start(t);
    const removeEach = async (round: string): Promise<void> => {
      for (const { kind, name } of [...scene.listed(run.specs)].reverse()) {
        const removal = scene.provider.remove({ kind, name }, run.runId, CALL);
        await t.notThrowsAsync(removal, `${round}: ${kind}`);
      }
    };
    await removeEach('before there is any');
    await scene.createUpTo(run, null);
    await removeEach('once');
    await removeEach('twice');
    await scene.removeAndAssertGone(t, run);
    await scene.removeAndAssertGone(t, run);
  });

  register.run('what is used by another object is not removed, and the refusal is told', async (t) => {
    const run = scene.start(t);
    await scene.createUpTo(run, null);
    const network = run.specs.find(({ kind }) => kind === 'network');
    t.truthy(network);
    const ref = { kind: 'network', name: network?.name ?? '' };
    await t.throwsAsync(scene.provider.remove(ref, run.runId, CALL));
    t.deepEqual(await scene.ownedNames(run), scene.namesOf(run.specs));
  });

  register.run('settle and relabel do not mind what is not there', async (t) => {
    const { runId, specs } = scene.start(t);
    await scene.provider.settle([], CALL);
    await scene.provider.settle(['ts-none', runId], CALL);
    for (const { kind, name } of scene.listed(specs)) {
      await t.notThrowsAsync(scene.provider.relabel({ kind, name }, sampleOwner(runId), CALL));
    }
  });

  register.run('relabel changes the lease and nothing else', async (t) => {
    const run = scene.start(t);
    await scene.createUpTo(run, null);
    const lease = sampleLease({ pid: 0, startTicks: 0, expiresAt: '2030-01-01T00:00:00.000Z' });
    for (const { kind, name } of scene.listed(run.specs)) {
      const before = await scene.subject.inspect(kind, name);
      await scene.provider.relabel({ kind, name }, { runId: run.runId, lease }, CALL);
      t.deepEqual(withoutLease(await scene.subject.inspect(kind, name)), withoutLease(before), kind);
    }
    for (const resource of await scene.owned(run)) t.deepEqual(resource.lease, lease, resource.kind);
  });

  for (const { kind, longest } of scene.subject.nameLimits) {
    register.run(`a ${kind}'s name may have ${longest} characters and not one more`, async (t) => {
      const run = scene.start(t);
      const spec = run.specs.find((candidate) => candidate.kind === kind);
      if (spec === undefined) return t.fail(`a run has no ${kind}`);
      t.true(spec.name.length <= longest, spec.name);
      await scene.createUpTo(run, spec);
      const name = spec.name.padEnd(longest, 'x');
      const tooLong = { ...spec, name: `${name}x` };
      await t.throwsAsync(scene.create(run, tooLong));
      t.deepEqual(
        await scene.inspectAll([tooLong]),
        scene.listed([tooLong]).map(() => null),
      );
      const longestSpec = { ...spec, name };
      await scene.create(run, longestSpec);
      for (const there of scene.namesOf([longestSpec])) t.true((await scene.ownedNames(run)).includes(there));
      await scene.removeAndAssertGone(t, run);
      t.deepEqual(
        await scene.inspectAll([longestSpec]),
        scene.listed([longestSpec]).map(() => null),
      );
    });
  }
}

/** An object without what a change of the lease changes, wherever the engine keeps it. */
function withoutLease(inspected: unknown): unknown {
  return JSON.parse(
    JSON.stringify(inspected, (key, value: unknown) =>
      key === 'lease' || key.endsWith('.lease') ? null : value,
    ),
  );
}
