import { testLxcContract } from './lxc-contract.ts';
import { OwnIncus } from './own-incus.ts';
import { setUpIncus } from './set-up-incus.ts';
import { INCUS } from '../../src/providers/lxc/dialect.ts';

await setUpIncus();
// A daemon of the tests' own: it can be ended without anybody else's noticing.
const own = await OwnIncus.start();

await testLxcContract(
  INCUS,
  own === null ? { cannot: 'only root can start an Incus of its own' } : () => own.restart(),
  () => own?.remove() ?? Promise.resolve(),
);
