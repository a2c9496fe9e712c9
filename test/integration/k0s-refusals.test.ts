import { spawnSync } from 'node:child_process';
import test from 'ava';
import { stringify } from 'yaml';
import { assertQuotes } from './quoted-words.ts';
import { buildRig } from './rig.ts';
import { parseScenario } from '../../src/scenario/parse-scenario.ts';

// `lint` quotes what k0s would say, and says of other things that it would accept them. Here the stand-in, which has the words that were
// observed, is given the same ranges in a k0s.yaml.

const program = buildRig('k0s');
program.catch(() => undefined);

interface Wish {
  readonly pods?: readonly string[];
  readonly services?: readonly string[];
  readonly families?: readonly string[];
  readonly nodeMasks?: Readonly<Record<string, number>>;
  readonly cni?: { readonly name: string; readonly mode?: string };
}

const PODS = ['10.1.0.0/16', 'fd01::/108'];
const SERVICES = ['10.152.183.0/24', 'fd98::/108'];

async function said({ pods = PODS, services = SERVICES, cni }: Wish): Promise<string> {
  const isDual = pods.length === 2;
  const network = {
    ...(cni === undefined ? { provider: 'custom' } : { provider: cni.name, calico: { mode: cni.mode } }),
    podCIDR: pods[0],
    serviceCIDR: services[0],
    ...(isDual ? { dualStack: { enabled: true, IPv6podCIDR: pods[1], IPv6serviceCIDR: services[1] } } : {}),
  };
  const { stderr, status } = spawnSync(
    await program,
    ['config', 'validate', '-c', '-', '--feature-gates=IPv6SingleStack=true'],
    {
      encoding: 'utf8',
      input: stringify({ spec: { api: { address: '192.0.2.1' }, network } }),
      timeout: 10_000,
    },
  );
  return status === 0 ? '' : stderr;
}

function linted({ pods = PODS, services = SERVICES, families, nodeMasks, cni }: Wish): string[] {
  const scenario = {
    name: 'x',
    distribution: { name: 'k0s' },
    binary: './k0s',
    ...(cni === undefined ? {} : { cni }),
    network: {
      pods,
      services,
      ...(families === undefined ? {} : { families }),
      ...(nodeMasks === undefined ? {} : { nodeMasks }),
    },
  };
  return parseScenario(JSON.stringify(scenario), 'x.yaml').problems.map(({ message }) => message);
}

const REFUSED: readonly Wish[] = [
  { services: ['10.152.183.0/24', 'fd98::/64'] },
  { services: ['10.152.183.0/24', 'fd98::/107'] },
  { families: ['IPv6'], pods: ['fd01::/108'], services: ['fd98::/109'] },
  { cni: { name: 'calico', mode: 'vxlan' } },
  { pods: ['10.1.0.0/16 ', 'fd01::/108'] },
  { pods: ['ten', 'fd01::/108'] },
  { services: ['10.152.183.0', 'fd98::/108'] },
  { services: ['10.152.183.0/33', 'fd98::/108'] },
];

for (const wish of REFUSED) {
  test(`refused by both, in the same words: ${JSON.stringify(wish)}`, async (t) => {
    const [message = '', ...others] = linted(wish);
    t.deepEqual(others, []);
    const [, quoted] = /k0s (?:config validate )?would refuse it[^"]*: "(.*)"\)$/.exec(message) ?? [];
    t.truthy(quoted, message);
    const stderr = await said(wish);
    t.not(stderr, '');
    assertQuotes(t, quoted, stderr);
  });
}

const ACCEPTED: readonly Wish[] = [
  { pods: ['10.1.0.1/16', 'fd01::/108'] },
  { pods: ['10.1.0.0/16', 'fd01::/64'], nodeMasks: { ipv6: 117 } },
  { pods: ['10.1.0.0/16', 'fd01::/108'], nodeMasks: { ipv6: 107 } },
  { pods: ['10.152.0.0/16', 'fd01::/108'] },
  { services: ['172.32.0.0/11', 'fd98::/108'] },
  { services: ['10.152.183.0/24', 'fd98::/125'] },
];

for (const wish of ACCEPTED) {
  test(`refused by us, and accepted there, as we say: ${JSON.stringify(wish)}`, async (t) => {
    const [message = '', ...others] = linted(wish);
    t.deepEqual(others, []);
    t.regex(message, /k0s config validate would accept (?:it|this)/);
    t.is(await said(wish), '');
  });
}

test('what no rule refuses is accepted there', async (t) => {
  for (const wish of [
    {},
    { cni: { name: 'calico', mode: 'bird' } },
    { pods: ['10.1.0.0/16', 'fd01::/101'] },
    { families: ['IPv4'], pods: ['10.1.0.0/16'], services: ['10.152.183.0/24'] },
    { families: ['IPv6'], pods: ['fd01::/108'], services: ['fd98::/108'] },
  ]) {
    t.deepEqual(linted(wish), []);
    t.is(await said(wish), '');
  }
});
