import test from 'ava';
import { testProviderContract } from './provider-contract.ts';
import { containerRun, unfounded } from './run-objects.ts';
import { decodeLease } from '../../../src/run/lease.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import type { ContractSubject } from './contract/contract-subject.ts';
import type { Fault } from '../../support/armed-faults.ts';

const provider = new InMemoryProvider();
const FAULTS: readonly Fault[] = [{ effect: 'hang' }, { effect: 'land-late' }];

const subject: ContractSubject = {
  provider,
  specs: (runId, nodes) => containerRun(runId, { image: 'image', pool: 'pool' }, nodes),
  unfounded,
  addForeign: ({ kind, name }, labels) => {
    const lease = labels === null ? null : decodeLease(labels.lease);
    return Promise.resolve(provider.addForeign(kind, name, labels?.run ?? null, lease));
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
  nameLimits: [
    { kind: 'network', longest: 15 },
    { kind: 'instance', longest: 63 },
  ],
  restart: () => Promise.resolve(provider.restart()),
  fillDisk: () => {
    const makeRoom = provider.fillDisk();
    return Promise.resolve(() => Promise.resolve(makeRoom()));
  },
};

// Serial: an armed fault hits whoever calls next.
testProviderContract(
  {
    run: (title, implementation) => test.serial(title, implementation),
    skip: (title) => test.serial.skip(title, (t) => t.pass()),
  },
  () => subject,
);
