import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { stringify } from 'yaml';
import { buildRig } from './rig.ts';

// What the real k0s 1.36.3 was observed to say of a configuration, held against the stand-in that takes its place: text by text, on stderr,
// with the status of 1. None of it starts anything or needs root.

const program = buildRig('k0s');
program.catch(() => undefined);

interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function k0s(args: readonly string[], input = '', file = program): Promise<Said> {
  return spawnSync(await file, args, { encoding: 'utf8', input, timeout: 10_000 });
}

async function validate(config: string, ...flags: string[]): Promise<Said> {
  return k0s(['config', 'validate', '-c', '-', ...flags], config);
}

const DUAL = {
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/12',
  dualStack: { enabled: true, IPv6podCIDR: 'fd00::/108', IPv6serviceCIDR: 'fd01::/108' },
};

function configOf(spec: Record<string, unknown>): string {
  const config = {
    apiVersion: 'k0s.k0sproject.io/v1beta1',
    kind: 'ClusterConfig',
    metadata: { name: 'k0s' },
    spec: { api: { address: '192.0.2.1' }, ...spec },
  };
  return stringify(config);
}

function dualWith(change: Record<string, unknown>, dualStack: Record<string, unknown> = {}): string {
  return configOf({ network: { ...DUAL, ...change, dualStack: { ...DUAL.dualStack, ...dualStack } } });
}

const CALICO =
  'Error: spec: network: calico.mode: Forbidden: dual-stack for calico is only supported for mode `bird`\n';

const REFUSED: Readonly<Record<string, readonly [config: string, stderr: string]>> = {
  'Calico without a mode': [dualWith({ provider: 'calico' }), CALICO],
  'Calico with an empty section': [dualWith({ provider: 'calico', calico: {} }), CALICO],
  'Calico in vxlan': [dualWith({ provider: 'calico', calico: { mode: 'vxlan' } }), CALICO],
  'Calico in ipip, which is another word for bird': [
    dualWith({ provider: 'calico', calico: { mode: 'ipip' } }),
    CALICO,
  ],
  "the documentation's word for kube-router": [
    dualWith({ provider: 'kube-router' }),
    'Error: spec: network: provider: Unsupported value: "kube-router": supported values: "kuberouter", "calico", "custom"\n',
  ],
  'an IPv6 range of pods that is none': [
    dualWith({}, { IPv6podCIDR: 'foobar' }),
    'Error: spec: network: dualStack.IPv6podCIDR: Invalid value: "foobar": invalid CIDR address\n',
  ],
  'no IPv6 range of services': [
    dualWith({}, { IPv6serviceCIDR: undefined }),
    'Error: spec: network: dualStack.IPv6serviceCIDR: Invalid value: "": invalid CIDR address\n',
  ],
  'IPv4 as the IPv6 range of pods': [
    dualWith({}, { IPv6podCIDR: '10.1.0.0/16' }),
    'Error: spec: network: dualStack.IPv6podCIDR: Invalid value: "10.1.0.0/16": must be an IPv6 CIDR, not IPv4\n',
  ],
  'IPv4 as the IPv6 range of services': [
    dualWith({}, { IPv6serviceCIDR: '10.1.0.0/24' }),
    'Error: spec: network: dualStack.IPv6serviceCIDR: Invalid value: "10.1.0.0/24": must be an IPv6 CIDR, not IPv4\n',
  ],
  'a large IPv6 range of services, in words that are the wrong way round': [
    dualWith({}, { IPv6serviceCIDR: 'fd01::/107' }),
    'Error: spec: network: dualStack.IPv6serviceCIDR: Invalid value: "fd01::/107": IPv6 service CIDR prefix must be <= 108\n',
  ],
  'one range of each family': [
    configOf({ network: { podCIDR: '10.244.0.0/16', serviceCIDR: 'fd01::/108' } }),
    'Error: spec: network: podCIDR: Invalid value: "10.244.0.0/16": podCIDR and serviceCIDR must be both IPv4 or IPv6\n',
  ],
  'IPv6 where IPv4 belongs': [
    dualWith({ podCIDR: 'fd02::/108', serviceCIDR: 'fd03::/108' }),
    'Error: spec: network: podCIDR: Invalid value: "fd02::/108": if DualStack is enabled, podCIDR must be IPv4\n' +
      'spec: network: serviceCIDR: Invalid value: "fd03::/108": if DualStack is enabled, serviceCIDR must be IPv4\n',
  ],
  'IPv6 alone without its feature gate': [
    configOf({ network: { podCIDR: 'fd00::/108', serviceCIDR: 'fd01::/108' } }),
    'Error: spec: network: podCIDR: Invalid value: "fd00::/108": feature gate IPv6SingleStack must be explicitly enabled to use IPv6 single stack\n',
  ],
  'a family that is none': [
    dualWith({ primaryAddressFamily: 'v6' }),
    'Error: spec: network: addressFamily: Unsupported value: "v6": supported values: "IPv4", "IPv6"\n',
  ],
  'a range with a space': [
    dualWith({ podCIDR: '10.244.0.0/16 ' }),
    'Error: spec: network: podCIDR: Invalid value: "10.244.0.0/16 ": invalid CIDR address\n' +
      'spec: network: podCIDR: Invalid value: "10.244.0.0/16 ": if DualStack is enabled, podCIDR must be IPv4\n',
  ],
  'node-local load balancing beside an address of the outside': [
    configOf({
      api: { address: '192.0.2.1', externalAddress: '192.0.2.9' },
      network: { nodeLocalLoadBalancing: { enabled: true } },
    }),
    'Error: spec: network.nodeLocalLoadBalancing.enabled: Forbidden: node-local load balancing cannot be used in conjunction with an external Kubernetes API server address\n',
  ],
  'a name as the address': [
    configOf({ api: { address: 'node.example' } }),
    'Error: spec: api: address: Invalid value: "node.example": invalid IP address\n',
  ],
  'a field that it does not know': [
    configOf({ network: { podCidrs: [] } }),
    'Error: error unmarshaling JSON: while decoding JSON: json: unknown field "podCidrs"\n',
  ],
  'a key that is there twice': [
    'spec:\n  network:\n    podCIDR: 10.1.0.0/16\n    podCIDR: 10.2.0.0/16\n',
    'Error: error converting YAML to JSON: yaml: unmarshal errors:\n  line 4: key "podCIDR" already set in map\n',
  ],
};

for (const [what, [config, expected]] of Object.entries(REFUSED)) {
  test(`refuses ${what}`, async (t) => {
    t.like(await validate(config), { status: 1, stdout: '', stderr: expected });
  });
}

test('refuses a number where text belongs', async (t) => {
  const { status, stderr } = await validate(
    'spec: {controllerManager: {extraArgs: {node-cidr-mask-size-ipv6: 120}}}\n',
  );
  t.is(status, 1);
  t.regex(
    stderr,
    /^Error: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field/,
  );
});

const ACCEPTED: Readonly<Record<string, string>> = {
  'what is documented': dualWith({}),
  'Calico in bird': dualWith({ provider: 'calico', calico: { mode: 'bird' } }),
  'Calico in vxlan for one family': configOf({
    network: { provider: 'calico', calico: { mode: 'vxlan' } },
  }),
  'IPv6 first, with IPv4 where it belongs': dualWith({ primaryAddressFamily: 'IPv6' }),
  'a service range of exactly /108, and one that is smaller': dualWith({}, { IPv6serviceCIDR: 'fd01::/112' }),
  'an IPv6 range of pods that the controller manager dies of': dualWith({}, { IPv6podCIDR: 'fd00::/64' }),
  'nothing at all': '',
  'no apiVersion': 'kind: ClusterConfig\n',
  'another kind': 'apiVersion: v1\nkind: Pod\n',
  'another name': 'metadata: {name: other}\n',
  'any second document': `${dualWith({})}---\n: [ this is: no YAML\n`,
  'the same as JSON': JSON.stringify({ spec: { network: DUAL } }, null, 2),
};

for (const [what, config] of Object.entries(ACCEPTED)) {
  test(`accepts ${what}, without a word`, async (t) => {
    t.like(await validate(config), { status: 0, stdout: '', stderr: '' });
  });
}

test('takes IPv6 alone with its feature gate, in a range of /108 and no smaller one', async (t) => {
  const gate = ['--feature-gates', 'IPv6SingleStack=true'];
  const ranges = { podCIDR: 'fd00::/108', serviceCIDR: 'fd01::/108' };
  t.is((await validate(configOf({ network: ranges }), ...gate)).status, 0);
  t.like(await validate(configOf({ network: { ...ranges, serviceCIDR: 'fd01::/109' } }), ...gate), {
    status: 1,
    stderr:
      'Error: spec: network: serviceCIDR: Invalid value: "fd01::/109": IPv6 service CIDR prefix must be <= 108\n',
  });
});

for (const [what, config] of Object.entries({
  anchors: 'spec: &all {}\nstatus: *all\n',
  tags: 'spec: !!map {}\n',
  'folded text': 'metadata:\n  name: >-\n    k0s\n',
  'text of several lines': 'metadata:\n  name: k0s\n    and more\n',
})) {
  test(`says of ${what} that it can't read them`, async (t) => {
    const { status, stderr } = await validate(config);
    t.is(status, 1);
    t.regex(stderr, /^Error: error converting YAML to JSON: yaml: line \d+: this stand-in can't read /);
  });
}

test('is named as a stand-in, and says the version of what it takes the place of', async (t) => {
  t.is((await k0s(['version'])).stdout, 'v1.36.3+k0s.2\n');
  for (const args of [['--help'], ['version', '--all'], ['install', 'controller', '--help']]) {
    const { status, stdout } = await k0s(args);
    t.is(status, 0);
    t.true(stdout.includes("STAND-IN of twinstack's tests, not k0s"), args.join(' '));
  }
});

test('may be of an older release, which does not know the primary family', async (t) => {
  const old = buildRig('k0s', { version: 'v1.33.13+k0s.0', mood: 'older-schema' });
  t.is((await k0s(['version'], '', old)).stdout, 'v1.33.13+k0s.0\n');
  const config = dualWith({ primaryAddressFamily: 'IPv4' });
  t.like(await k0s(['config', 'validate', '-c', '-'], config, old), {
    status: 1,
    stderr:
      'Error: error unmarshaling JSON: while decoding JSON: json: unknown field "primaryAddressFamily"\n',
  });
  t.is((await k0s(['config', 'validate', '-c', '-'], dualWith({}), old)).status, 0);
});

test('any error ends with 1, whatever is wrong', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'twinstack-k0s-'));
  const token = join(folder, 'token');
  writeFileSync(token, 'not a token');
  for (const [args, message] of [
    [['config', 'validate', '-c', join(folder, 'none')], /no such file or directory/],
    [['config', 'validate'], /--config can't be empty/],
    [['nonsense'], /unknown command "nonsense" for "k0s"/],
    [['token', 'nonsense'], /unknown command "nonsense" for "k0s token"/],
    [['token', 'create', '--role', 'king'], /unsupported role "king"/],
    [['token', 'create', '--expiry', 'soon'], /invalid duration "soon"/],
    [['install', 'controller', '--nonsense'], /unknown flag: --nonsense/],
    [['status', '-o'], /flag needs an argument/],
  ] as const) {
    const { status, stderr } = await k0s(args);
    t.is(status, 1, args.join(' '));
    t.regex(stderr, /^Error: /);
    t.regex(stderr, message);
  }
});

test('names the images of a cluster, those of the configuration among them', async (t) => {
  const images = { pause: { image: 'example.test/pause', version: '1' } };
  const { status, stdout } = await k0s(['airgap', 'list-images', '-c', '-'], configOf({ images }));
  t.is(status, 0);
  t.true(stdout.split('\n').includes('example.test/pause:1'));
  t.regex(stdout, /kube-router/);
  t.notRegex(stdout, /calico/);
});
