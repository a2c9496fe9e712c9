import { testAborts } from './contract/aborts.ts';
import { testBadDays } from './contract/bad-days.ts';
import { ContractScene, type Register } from './contract/contract-scene.ts';
import { testLifeCycle } from './contract/life-cycle.ts';
import { testOwnership } from './contract/ownership.ts';
import type { ContractSubject } from './contract/contract-subject.ts';

/**
 * Registers the tests that every provider must pass. They know no engine's kinds of objects: `subject` names them. It is asked when
 * tests are registered, and again when they run.
 */
export function testProviderContract(register: Register, subject: () => ContractSubject): void {
  const scene = new ContractScene(subject);
  testLifeCycle(register, scene);
  testOwnership(register, scene);
  testAborts(register, scene);
  testBadDays(register, scene);
}
