import test from 'ava';
import { placeOf, placeOfCheck } from '../../../src/scenario/place-of-check.ts';

const TEXT = `name: x
network:
  pods: [10.1.0.0/16, fd01::/108]
  services: [10.152.183.0/24, fd98::/108]
egress: blocked
timeout: 5m
`;
const line = (id: string, text = TEXT): number => placeOfCheck(id, text, 'x.yaml').line;

test('a check is at the line that asked for it', (t) => {
  t.is(line('service/nginx-dualstack/ipv6/from-node'), 4);
  t.is(line('service/nginx-dualstack/ipv6/from-node', `${TEXT}workloads: [nginxdualstack]\n`), 7);
  t.is(line('node/control-plane-1/ipv4/pod-cidr'), 3);
  t.is(line('egress/lab/ipv4/blocked'), 5);
});

test('what nothing written asked for is at the first line', (t) => {
  t.is(line('pods/all/both/ready'), 1);
  t.is(line('service/x/ipv4/from-node', 'name: x\n'), 1);
  t.is(line('service/x/ipv4/from-node', '\t: ['), 1);
  t.is(line('no-such-subject/x/ipv4/y'), 1);
});

test('a deadline is at its own line', (t) => {
  t.is(placeOf([['timeout']], TEXT, 'x.yaml').line, 6);
  t.is(placeOf([], TEXT, 'x.yaml').line, 1);
});
