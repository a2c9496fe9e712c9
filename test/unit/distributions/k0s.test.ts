import test from 'ava';
import { parse } from 'yaml';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { actionsOf, fileOf, SAMPLE_RUN, samplePlan } from '../../support/sample-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';

const CONTROLLER = `ts-${SAMPLE_RUN}-control-plane-1`;
const WORKER = `ts-${SAMPLE_RUN}-worker-1`;

/** The plan of a file for k0s; `embedsComponents` of a program of the user's own. */
function planOf(text: string, embedsComponents?: boolean): Plan {
  const { scenario, problems } = parseScenario(
    `name: x\ndistribution: { name: k0s, version: 1.36.3+k0s.2 }\n${text}`,
    'x.yaml',
  );
  if (scenario === null) throw new Error(JSON.stringify(problems));
  const program = { file: '/tmp/k0s', sizeBytes: 1, sha256: 'ab' };
  return samplePlan(scenario, {
    binary: embedsComponents === undefined ? null : { ...program, embedsComponents },
  });
}

interface K0sConfig {
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly network: Readonly<Record<string, unknown>>;
    readonly controllerManager: { readonly extraArgs: Readonly<Record<string, string>> };
  };
}

function configOf(text: string): K0sConfig['spec'] {
  return (parse(fileOf(planOf(text), 'control-plane-1', '/etc/k0s/k0s.yaml').content) as K0sConfig).spec;
}

/** The command lines of a plan's steps whose id begins so, as `node: command`. */
function commands(plan: Plan, step: string): string[] {
  return plan.steps
    .filter(({ id }) => id.startsWith(step))
    .flatMap(({ actions }) => actions)
    .flatMap((action) => {
      if (action.kind !== 'exec') return [];
      const input = action.input === undefined ? '' : ` < ${action.input.file}`;
      return [`${action.node.replace(/^ts-[^-]+-/, '')}: ${[action.file, ...action.args].join(' ')}${input}`];
    });
}

const BRIDGE = 'cni: { name: bridge }';
const RANGES = 'pods: [10.1.0.0/16, fd01::/108], services: [10.152.183.0/24, fd98::/108]';

test('both families: IPv4 in the fields that k0s keeps for it, IPv6 beside it, and masks for both', (t) => {
  const { network, controllerManager } = configOf(BRIDGE);
  t.deepEqual(network, {
    provider: 'custom',
    podCIDR: '10.1.0.0/16',
    serviceCIDR: '10.152.183.0/24',
    primaryAddressFamily: 'IPv4',
    dualStack: { enabled: true, IPv6podCIDR: 'fd01::/108', IPv6serviceCIDR: 'fd98::/108' },
    kubeProxy: { mode: 'nftables' },
  });
  t.like(controllerManager.extraArgs, {
    'node-cidr-mask-size-ipv4': '24',
    'node-cidr-mask-size-ipv6': '117',
  });
});

test('IPv6 first changes the primary family and the addresses that k0s serves on, not the fields of the ranges', (t) => {
  const text = `${BRIDGE}\nnodes: { workers: 1 }\nnetwork: { primaryFamily: IPv6, pods: ['fd01::/108', 10.1.0.0/16], services: ['fd98::/108', 10.152.183.0/24] }`;
  const { network, api, storage } = configOf(text);
  t.like(network, {
    podCIDR: '10.1.0.0/16',
    primaryAddressFamily: 'IPv6',
    dualStack: { IPv6podCIDR: 'fd01::/108' },
  });
  t.deepEqual(api, { address: '2001:db8:88::11', sans: ['2001:db8:88::11', '198.51.100.11'] });
  t.like(storage, { type: 'etcd', etcd: { peerAddress: '2001:db8:88::11' } });
  t.true(
    commands(planOf(text), 'join/')[1]?.includes(
      '--kubelet-extra-args=--node-ip=2001:db8:88::12,198.51.100.12',
    ),
  );
});

test('one family alone: no dual-stack section, a mask only where k0s has another, and its gate for IPv6', (t) => {
  const ipv4 = configOf(`${BRIDGE}\nnetwork: { families: [IPv4] }`);
  t.deepEqual(ipv4.network, {
    provider: 'custom',
    podCIDR: '10.1.0.0/16',
    serviceCIDR: '10.152.183.0/24',
    primaryAddressFamily: 'IPv4',
    kubeProxy: { mode: 'nftables' },
  });
  const masks = ({ controllerManager }: K0sConfig['spec']): string[] =>
    Object.keys(controllerManager.extraArgs).filter((name) => name.startsWith('node-cidr'));
  t.deepEqual(masks(ipv4), []);
  t.deepEqual(masks(configOf(`${BRIDGE}\nnetwork: { families: [IPv4], nodeMasks: { ipv4: 25 } }`)), [
    'node-cidr-mask-size',
  ]);
  const alone = 'network: { families: [IPv6] }';
  t.like(configOf(`${BRIDGE}\n${alone}`).network, { podCIDR: 'fd01::/108', serviceCIDR: 'fd98::/108' });
  t.deepEqual(masks(configOf(`${BRIDGE}\n${alone}`)), []);
  const gate = '--feature-gates=IPv6SingleStack=true';
  t.true(commands(planOf(`${BRIDGE}\n${alone}`), 'bootstrap/init')[0]?.includes(gate));
  t.true(
    commands(planOf(`${BRIDGE}\n${alone}`), 'bootstrap/prepare/')
      .at(-1)
      ?.endsWith(gate),
  );
  t.false(commands(planOf(BRIDGE), 'bootstrap/init')[0]?.includes(gate));
});

test("k0s' own networks are named in its words, and none of ours is installed", (t) => {
  const open = 'egress: open\n';
  t.like(configOf(open).network, { provider: 'kuberouter' });
  t.like(configOf(`${open}cni: { name: calico, mode: bird }`).network, {
    provider: 'calico',
    calico: {
      mode: 'bird',
      overlay: 'Never',
      ipAutodetectionMethod: 'kubernetes-internal-ip',
      ipV6AutodetectionMethod: 'kubernetes-internal-ip',
    },
  });
  const more =
    'cni: { name: calico, mode: bird, overlay: Always, blockSizes: { ipv6: 124 }, natOutgoing: false }';
  t.like(configOf(`${open}${more}`).network, {
    calico: {
      overlay: 'Always',
      envVars: {
        CALICO_IPV4POOL_NAT_OUTGOING: 'false',
        CALICO_IPV6POOL_BLOCK_SIZE: '124',
        CALICO_IPV6POOL_NAT_OUTGOING: 'false',
      },
    },
  });
  for (const cni of ['', 'cni: { name: calico, mode: bird }']) {
    const plan = planOf(`${open}${cni}`);
    t.false(
      actionsOf(plan).some(
        (action) =>
          action.kind === 'write-files' && action.files.some(({ path }) => path.startsWith('/etc/cni')),
      ),
    );
    t.true(plan.steps.some(({ id }) => id === 'network/control-plane-1'));
  }
});

test('the containers are those of our node image, and nothing is pulled in a lab without a way out', (t) => {
  const { images } = configOf(`${BRIDGE}\negress: blocked`);
  t.deepEqual(images, {
    default_pull_policy: 'Never',
    kubeproxy: { image: 'twinstack.local/kube-proxy', version: 'sample' },
    coredns: { image: 'twinstack.local/coredns', version: 'sample' },
    pause: { image: 'twinstack.local/pause', version: 'sample' },
  });
  t.like(configOf(`${BRIDGE}\negress: open`).images, { default_pull_policy: 'IfNotPresent' });
});

test('arguments and gates of the scenario reach the components that they are for', (t) => {
  const text = `${BRIDGE}
extraArgs: { apiServer: { v: '4' }, controllerManager: { v: '5' }, scheduler: { v: '6' }, etcd: { log-level: debug }, kubelet: { max-pods: '50' } }
featureGates: { AllAlpha: true }`;
  const { api, controllerManager, scheduler, storage, featureGates } = configOf(text);
  t.like(api, { extraArgs: { v: '4' } });
  t.like(controllerManager, { extraArgs: { v: '5', 'node-cidr-mask-size-ipv4': '24' } });
  t.deepEqual(scheduler, { extraArgs: { v: '6' } });
  t.like(storage, { etcd: { extraArgs: { 'log-level': 'debug' } } });
  t.deepEqual(featureGates, [{ name: 'AllAlpha', enabled: true }]);
  t.true(
    commands(planOf(text), 'bootstrap/init')[0]?.includes(
      '--kubelet-extra-args=--node-ip=198.51.100.11,2001:db8:88::11 --max-pods=50',
    ),
  );
});

test('cgroup v1: the kubelet is told to run on it, by the profile that every worker has; on v2 there is none', (t) => {
  t.deepEqual(configOf(BRIDGE).workerProfiles, [{ name: 'default', values: { failCgroupV1: false } }]);
});

const DISABLED = '--disable-components=metrics-server,konnectivity-server';

test('a node that is all of the cluster is single, and joins nobody', (t) => {
  const plan = planOf(BRIDGE);
  t.deepEqual(commands(plan, 'bootstrap/init'), [
    `control-plane-1: k0s install controller --single --config /etc/k0s/k0s.yaml --ignore-pre-flight-checks ${DISABLED} --kubelet-extra-args=--node-ip=198.51.100.11,2001:db8:88::11 --start`,
  ]);
  t.false(plan.steps.some(({ phase }) => phase === 'join'));
});

test('with workers the controller is no node: no kubelet, no pod range, no probe, and its worker is asked from', (t) => {
  const plan = planOf(`${BRIDGE}\nnodes: { workers: 1 }\negress: blocked`);
  t.deepEqual(commands(plan, 'bootstrap/init'), [
    `control-plane-1: k0s install controller --config /etc/k0s/k0s.yaml --ignore-pre-flight-checks ${DISABLED} --start`,
  ]);
  t.false(
    commands(plan, 'bootstrap/prepare/control-plane-1').some((line) => line.includes('containerd /var')),
  );
  t.deepEqual(
    plan.nodes.map(({ name }) => name),
    [CONTROLLER, WORKER],
  );
  const waits = actionsOf(plan).flatMap((action) =>
    action.kind === 'wait' && 'nodes' in action.condition ? [action.condition.nodes] : [],
  );
  t.true(waits.length > 0);
  t.deepEqual(new Set(waits.flat()), new Set([WORKER]));
  const ids = plan.checks.map(({ id }) => id);
  t.false(ids.some((id) => id.includes('control-plane-1')));
  t.true(ids.includes('node/worker-1/ipv6/pod-cidr'));
  const asked = plan.checks.flatMap((check) => (check.type === 'service-http' ? [check.from.node] : []));
  t.deepEqual(new Set(asked), new Set([WORKER]));
  // What goes to the controller stays in the cluster.
  const rules = fileOf(plan, 'worker-1', '/etc/twinstack/masquerade.nft').content;
  t.true(rules.includes('198.51.100.11'));
  t.is(
    fileOf(plan, 'control-plane-1', '/etc/twinstack/routes').content,
    `route replace {{podCIDR.${WORKER}.IPv4}} via 198.51.100.12\nroute replace {{podCIDR.${WORKER}.IPv6}} via 2001:db8:88::12\n`,
  );
});

test('the first ranges are written ahead only where it is sure which node gets them', (t) => {
  const ahead = (text: string): string[] =>
    planOf(`${BRIDGE}\n${text}`)
      .steps.filter(({ id }) => id.startsWith('bootstrap/prepare/'))
      .flatMap(({ id, actions }) =>
        actions.some(
          (action) =>
            action.kind === 'write-files' && action.files.some(({ path }) => path.endsWith('.conflist')),
        )
          ? [id.replace('bootstrap/prepare/', '')]
          : [],
      );
  t.deepEqual(ahead(''), ['control-plane-1']);
  t.deepEqual(ahead('nodes: { workers: 1 }'), ['worker-1']);
  t.deepEqual(ahead('nodes: { workers: 2 }'), []);
  t.deepEqual(ahead('nodes: { workers: 2, controllerRole: controller+worker }'), ['control-plane-1']);
});

test('a controller that is a worker too is a node like the others', (t) => {
  const plan = planOf(`${BRIDGE}\nnodes: { workers: 1, controllerRole: controller+worker }`);
  t.true(commands(plan, 'bootstrap/init')[0]?.includes('--enable-worker --no-taints'));
  t.true(plan.checks.some(({ id }) => id === 'node/control-plane-1/ipv4/internal-ip'));
});

test('a worker joins with a token that goes through a file that only root reads, and is seen to be let in', (t) => {
  const plan = planOf(`${BRIDGE}\nnodes: { workers: 1 }`);
  const [create, install, joined] = commands(plan, 'join/worker-1');
  t.is(create, 'control-plane-1: k0s token create --role=worker --expiry=1h --wait');
  t.is(
    install,
    'worker-1: k0s install worker --token-file /etc/k0s/worker-token --ignore-pre-flight-checks --kubelet-extra-args=--node-ip=198.51.100.12,2001:db8:88::12 --start',
  );
  t.is(joined, 'worker-1: sh /etc/twinstack/k0s-joined.sh');
  const file = fileOf(plan, 'worker-1', '/etc/k0s/worker-token');
  t.is(file.mode, 0o600);
  t.is(file.content, '{{secret.joinToken.worker-1}}\n');
});

test("each component is looked for beforehand where k0s doesn't bring it, by what the node is", (t) => {
  const checked = (plan: Plan, node: string): string[] =>
    commands(plan, `bootstrap/prepare/${node}`).filter((line) => line.includes('k0s-components.sh'));
  const two = `${BRIDGE}\nnodes: { workers: 1 }\nbinary: ./k0s`;
  t.deepEqual(checked(planOf(two, false), 'control-plane-1'), [
    'control-plane-1: sh /etc/twinstack/k0s-components.sh etcd kube-apiserver kube-controller-manager kube-scheduler',
  ]);
  t.deepEqual(checked(planOf(two, false), 'worker-1'), [
    'worker-1: sh /etc/twinstack/k0s-components.sh kubelet containerd containerd-shim-runc-v2 runc',
  ]);
  t.deepEqual(checked(planOf(two, true), 'control-plane-1'), []);
  t.deepEqual(checked(planOf(BRIDGE), 'control-plane-1'), []);
  t.is(checked(planOf(`${BRIDGE}\ninstall: preinstalled\nimage: own.tar`), 'control-plane-1').length, 1);
});

test('the program and what it validates are looked at before anything is started', (t) => {
  const lines = commands(planOf(`${BRIDGE}\nbinary: ./k0s`, true), 'bootstrap/prepare/control-plane-1');
  t.deepEqual(lines.slice(-3), [
    'control-plane-1: install -D --mode=0755 /dev/stdin /usr/local/bin/k0s < /tmp/k0s',
    'control-plane-1: k0s --help',
    'control-plane-1: k0s config validate --config /etc/k0s/k0s.yaml',
  ]);
});

test('archives of images go where k0s itself imports them, into nodes alone', (t) => {
  const { scenario } = parseScenario(
    `name: x\ndistribution: { name: k0s, version: 1.36.3+k0s.2 }\n${BRIDGE}\nnodes: { workers: 1 }\nimages: [web.tar]\nnetwork: { ${RANGES} }`,
    'x.yaml',
  );
  if (scenario === null) throw new Error('refused');
  const archive = { file: '/tmp/web.tar', sizeBytes: 1, sha256: 'ab', references: ['web:1'] };
  const plan = samplePlan(scenario, { archives: [archive] });
  const puts = actionsOf(plan).flatMap((action) =>
    action.kind === 'exec' && action.input === archive ? [`${action.node} ${action.args.at(-1)}`] : [],
  );
  t.deepEqual(puts, [`${WORKER} /var/lib/k0s/images/1-web.tar`]);
});
