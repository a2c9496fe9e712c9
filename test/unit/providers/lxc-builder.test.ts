import test from 'ava';
import { builderRequest, skeletonImage } from '../../../src/providers/lxc/lxc-builder.ts';
import { LEASE_LABEL, RUN_LABEL } from '../../../src/providers/lxc/lxc-requests.ts';
import { encodeLease } from '../../../src/run/lease.ts';
import { sampleLease, sampleOwner } from '../../support/owner.ts';

const FOLDERS = [
  { path: '/usr', writable: false },
  { path: '/home/user/.cache/twinstack', writable: true },
];
const spec = { name: 'ts-k7f3q2-builder', folders: FOLDERS, temporaryDirectory: '/tmp' };
const { body } = builderRequest('abc', spec, sampleOwner('k7f3q2'), 2);

test('a builder carries its labels in the request that creates it', (t) => {
  const config = body['config'] as Record<string, string>;
  t.is(config[RUN_LABEL], 'k7f3q2');
  t.is(config[LEASE_LABEL], encodeLease(sampleLease()));
});

test('a builder has no network, and writes to the cache alone', (t) => {
  const devices = Object.values(body['devices'] as Record<string, Record<string, string>>);
  t.deepEqual(body['profiles'], []);
  t.true(devices.every(({ type }) => type === 'disk'));
  const writable = devices.filter(({ source, readonly }) => source !== undefined && readonly !== 'true');
  t.deepEqual(
    writable.map(({ path }) => path),
    ['/home/user/.cache/twinstack'],
  );
});

test('the image of a builder is the same each time, so LXD has it once', async (t) => {
  t.deepEqual(await skeletonImage('x86_64'), await skeletonImage('x86_64'));
});
