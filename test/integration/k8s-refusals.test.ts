import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { assertQuotes } from './quoted-words.ts';
import { buildRig } from './rig.ts';
import { rootTest as test } from './root-test.ts';
import { parseScenario } from '../../src/scenario/parse-scenario.ts';

// `lint` quotes what k8s bootstrap would say, and says of other things that it would accept them. Here the stand-in, which has the words
// that were observed, is given the same ranges and features in a file. It asks nobody but root, and makes no cluster.

const program = buildRig('k8s');
program.catch(() => undefined);

const REFUSAL = 'the test refuses';

interface Wish {
  readonly pods?: readonly string[];
  readonly services?: readonly string[];
  readonly features?: readonly string[];
}

const PODS = ['10.1.0.0/16', 'fd01::/108'];
const SERVICES = ['10.152.183.0/24', 'fd98::/108'];

async function said({
  pods = PODS,
  services = SERVICES,
  features = ['network', 'dns'],
}: Wish): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'twinstack-refusal-')), 'bootstrap.yaml');
  const content = {
    'cluster-config': Object.fromEntries(features.map((name) => [name, { enabled: true }])),
    'pod-cidr': pods.join(','),
    'service-cidr': services.join(','),
  };
  writeFileSync(file, stringify(content));
  const { stderr } = spawnSync(await program, ['bootstrap', '--file', file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], TWINSTACK_RIG_REFUSE: REFUSAL },
    timeout: 10_000,
  });
  return stderr;
}

function linted({ pods = PODS, services = SERVICES, features = ['network', 'dns'] }: Wish): string[] {
  const scenario = {
    name: 'x',
    distribution: { name: 'k8s-snap' },
    binary: './k8s',
    network: { pods, services },
    features,
  };
  return parseScenario(JSON.stringify(scenario), 'x.yaml').problems.map(({ message }) => message);
}

const REFUSED: readonly Wish[] = [
  { services: ['10.152.183.0/24', 'fd98::/64'] },
  { services: ['10.152.183.0/24', 'fd98::/107'] },
  { pods: ['10.152.0.0/16', 'fd01::/108'] },
  { services: ['10.152.183.0/24', 'fd01::/112'] },
  { pods: ['10.1.0.0/16 ', 'fd01::/108'] },
  { pods: ['ten', 'fd01::/108'] },
  { services: ['10.152.183.0', 'fd98::/108'] },
  { services: ['10.152.183.0/33', 'fd98::/108'] },
  { features: ['gateway'] },
  { features: ['ingress', 'dns'] },
  { features: ['network', 'DNS'] },
  { features: ['network', 'foo'] },
];

for (const wish of REFUSED) {
  test(`refused by both, in the same words: ${JSON.stringify(wish)}`, async (t) => {
    const [message = '', ...others] = linted(wish);
    t.deepEqual(others, []);
    const [, quoted] = /would refuse (?:it|the file): "(.*)"\)$/.exec(message) ?? [];
    const stderr = await said(wish);
    t.false(stderr.includes(REFUSAL), stderr);
    t.truthy(quoted, message);
    assertQuotes(t, quoted, stderr);
  });
}

const ACCEPTED: readonly Wish[] = [
  { pods: ['10.1.0.1/16', 'fd01::/108'] },
  { pods: ['10.1.0.0/16', '10.2.0.0/16'] },
  { services: ['10.152.183.0/24', '10.153.183.0/24'] },
  { services: ['172.32.0.0/11', 'fd98::/108'] },
  { services: ['10.152.183.0/24', 'fd98::/125'] },
  { pods: ['10.1.0.0/29', 'fd01::/108'] },
];

for (const wish of ACCEPTED) {
  test(`refused by us, and accepted there, as we say: ${JSON.stringify(wish)}`, async (t) => {
    const [message = '', ...others] = linted(wish);
    t.deepEqual(others, []);
    t.regex(message, /k8s bootstrap would accept it/);
    t.true((await said(wish)).includes(REFUSAL));
  });
}

test('what no rule refuses is accepted there', async (t) => {
  for (const wish of [
    {},
    { services: ['10.152.183.0/24', 'fd98::/108'] },
    { features: ['network', 'gateway'] },
  ]) {
    t.deepEqual(linted(wish), []);
    t.true((await said(wish)).includes(REFUSAL));
  }
});
