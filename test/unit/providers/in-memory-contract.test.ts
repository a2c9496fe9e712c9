import test from 'ava';
import { testProviderContract, type ContractSubject } from './provider-contract.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { sampleOwner } from '../../support/owner.ts';
import type { Fault } from '../../support/armed-faults.ts';

const provider = new InMemoryProvider();
const FAULTS: readonly Fault[] = [{ effect: 'hang' }, { effect: 'land-late' }];

const subject: ContractSubject = {
  provider,
  image: 'image',
  pool: 'pool',
  abortVariants: FAULTS.length,
  addForeign: (spec, runId) => Promise.resolve(provider.addForeign(spec.kind, spec.name, runId)),
  inspect: (kind, name) => Promise.resolve(provider.find(kind, name)),
  createAborted: async (spec, runId, variant) => {
    const fault = FAULTS[variant];
    if (fault !== undefined) provider.faults.arm('create', fault);
    const controller = new AbortController();
    const call = provider.create(spec, sampleOwner(runId), { timeoutMs: 5000, signal: controller.signal });
    setImmediate(() => controller.abort());
    await call.catch(() => undefined);
  },
  removeForeign: (kind, name) => Promise.resolve(provider.removeForeign(kind, name)),
};

// Serial: an armed fault hits whoever calls next.
testProviderContract(
  (title, implementation) => test.serial(title, implementation),
  () => subject,
);
