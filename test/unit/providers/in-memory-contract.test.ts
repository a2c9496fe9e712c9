import test from 'ava';
import { testProviderContract } from './provider-contract.ts';
import { clusterRun, containerRun, unfounded } from './run-objects.ts';
import { decodeLease } from '../../../src/run/lease.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import type { ContractSubject } from './contract/contract-subject.ts';
import type { Fault } from '../../support/armed-faults.ts';

const FAULTS: readonly Fault[] = [{ effect: 'hang' }, { effect: 'land-late' }];

/** What tests do behind a provider's back. */
function handsOn(
  provider: InMemoryProvider,
): Omit<ContractSubject, 'specs' | 'unfounded' | 'nameLimits'> & Pick<Required<ContractSubject>, 'listed'> {
  const listed: Required<ContractSubject>['listed'] = (spec) =>
    spec.kind === 'cluster' ? spec.nodes.map(({ name }) => ({ kind: 'instance', name })) : [spec];
  return {
    provider,
    listed,
    addForeign: (spec, labels) => {
      const lease = labels === null ? null : decodeLease(labels.lease);
      for (const { kind, name } of listed(spec)) provider.addForeign(kind, name, labels?.run ?? null, lease);
      return Promise.resolve();
    },
    removeForeign: (kind, name) => Promise.resolve(provider.removeForeign(kind, name)),
    inspect: (kind, name) => Promise.resolve(provider.find(kind, name)),
    abortWithin: async (call, variant, work) => {
      const fault = FAULTS[variant];
      if (fault !== undefined) provider.faults.arm(call, fault);
      const controller = new AbortController();
      const working = work(controller.signal);
      setImmediate(() => controller.abort());
      await working.catch(() => undefined);
    },
    abortVariants: FAULTS.length,
    restart: () => Promise.resolve(provider.restart()),
    fillDisk: () => {
      const makeRoom = provider.fillDisk();
      return Promise.resolve(() => Promise.resolve(makeRoom()));
    },
  };
}

const SUBJECTS: readonly { readonly makes: string; readonly subject: ContractSubject }[] = [
  {
    makes: 'machines',
    subject: {
      ...handsOn(new InMemoryProvider()),
      specs: (runId, nodes) => containerRun(runId, { image: 'image', pool: 'pool' }, nodes),
      unfounded,
      nameLimits: [
        { kind: 'network', longest: 15 },
        { kind: 'instance', longest: 63 },
      ],
    },
  },
  {
    makes: 'clusters',
    subject: {
      ...handsOn(new InMemoryProvider(undefined, 'kind')),
      specs: clusterRun,
      unfounded: (spec) => (spec.kind === 'network' ? null : unfounded(spec)),
      nameLimits: [
        { kind: 'network', longest: 15 },
        { kind: 'cluster', longest: 15 },
      ],
    },
  },
];

// Serial: an armed fault hits whoever calls next.
for (const { makes, subject } of SUBJECTS) {
  testProviderContract(
    {
      run: (title, implementation) => test.serial(`an engine of ${makes}: ${title}`, implementation),
      skip: (title) => test.serial.skip(`an engine of ${makes}: ${title}`, (t) => t.pass()),
    },
    () => subject,
  );
}
