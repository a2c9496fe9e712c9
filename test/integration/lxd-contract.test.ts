import { testLxcContract } from './lxc-contract.ts';
import { LXD } from '../../src/providers/lxc/dialect.ts';

await testLxcContract(LXD, { cannot: "others' instances run in this LXD" });
