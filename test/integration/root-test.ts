import anyTest, { type TestFn } from 'ava';

const isRoot = process.getuid?.() === 0;
const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
if (!isRoot && !required) process.stderr.write('\nNOT ROOT: the stand-in for k8s asks nobody else.\n\n');

/** Registers a test that starts the stand-in for k8s on this host. */
export const rootTest: TestFn = (isRoot || required ? anyTest.serial : anyTest.serial.skip) as TestFn;
