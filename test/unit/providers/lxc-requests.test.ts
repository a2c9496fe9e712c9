import test from 'ava';
import {
  createRequest,
  LEASE_LABEL,
  objectPath,
  RUN_LABEL,
  unpackRequest,
} from '../../../src/providers/lxc/lxc-requests.ts';
import { encodeLease } from '../../../src/run/lease.ts';
import { sampleLease, sampleOwner } from '../../support/owner.ts';
import { planOf } from './run-objects.ts';
import type { EngineResourceSpec as ResourceSpec } from '../../../src/providers/provider.ts';

const OWNER = sampleOwner('k7f3q2');
const { specs, ranges } = planOf('k7f3q2', { image: 'abc', pool: 'twinstack' });
const configOf = (spec: ResourceSpec): Record<string, string> =>
  createRequest(spec, OWNER).body.config as Record<string, string>;

for (const spec of specs) {
  test(`a ${spec.kind} carries its labels in the request that creates it`, (t) => {
    const config = configOf(spec);
    t.is(config[RUN_LABEL], 'k7f3q2');
    t.is(config[LEASE_LABEL], encodeLease(sampleLease()));
    for (const value of Object.values(config)) t.is(typeof value, 'string', 'LXD takes texts alone');
  });

  test(`a ${spec.kind} is found where it was made`, (t) => {
    t.is(objectPath(spec.kind, spec.name), `${createRequest(spec, OWNER).path}/${spec.name}`);
  });
}

test('so does the instance that unpacks an image', (t) => {
  const config = unpackRequest('abc', 'ts-k7f3q2-unpack', 'twinstack', OWNER).body.config as Record<
    string,
    string
  >;
  t.is(config[RUN_LABEL], 'k7f3q2');
  t.is(config[LEASE_LABEL], encodeLease(sampleLease()));
});

test('a name is no path', (t) => t.is(objectPath('network', '../x?y'), '/1.0/networks/..%2Fx%3Fy'));

const base = { kind: 'network', name: 'ts-k7f3q2', ranges } as const;

test('open egress: LXD masquerades, and there is no ACL', (t) => {
  const config = configOf({ ...base, egress: 'open', acl: null });
  t.like(config, { 'ipv4.nat': 'true', 'ipv6.nat': 'true' });
  t.false(Object.keys(config).some((key) => key.startsWith('security.acls') || key === 'raw.dnsmasq'));
});

test('blocked egress: no masquerading, an ACL that refuses, and no DNS forwarder as a way out', (t) => {
  t.like(configOf({ ...base, egress: 'blocked', acl: 'ts-k7f3q2' }), {
    'ipv4.nat': 'false',
    'ipv6.nat': 'false',
    'security.acls': 'ts-k7f3q2',
    'security.acls.default.egress.action': 'reject',
    'raw.dnsmasq': 'port=0',
  });
});

test('a family that was not asked for has no address', (t) => {
  const [ipv4] = ranges.filter(({ family }) => family === 'IPv4');
  if (ipv4 === undefined) return t.fail();
  const config = configOf({ ...base, ranges: [ipv4], egress: 'open', acl: null });
  t.is(config['ipv6.address'], 'none');
  t.is(config['ipv4.address'], `${ipv4.gateway}/24`);
});
