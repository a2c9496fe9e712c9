import { stringify } from 'yaml';
import { waitForAddresses } from './address-wait.ts';
import { ADMIN_KUBECONFIG } from './kubeadm.ts';
import { exec, passToken, preparedStep, put } from './node-actions.ts';
import { bootstrapDialogue } from './k8s-snap-dialogue.ts';
import { toldRanges } from './k8s-snap-ranges.ts';
import type { BootstrapSteps, Distribution, PlanContext, PlannedSnap } from './distribution.ts';
import { assertFileOf, isK8sSnapFile } from '../scenario/snap-file.ts';
import type { Action, PlanNode, Step } from '../plan/plan.ts';

const CONFIG_FILE = '/etc/twinstack/k8s-bootstrap.yaml';
const TOKEN_FILE = '/etc/twinstack/k8s-join-token';
/** Where a program of the user's own goes: in PATH before /snap/bin. */
const OWN_PROGRAM = '/usr/local/bin/k8s';
const INSTALL_TIMEOUT_MS = 15 * 60_000;
const BOOTSTRAP_TIMEOUT_MS = 10 * 60_000;
const STATUS_TIMEOUT_MS = 5 * 60_000;
const COMMAND_TIMEOUT_MS = 60_000;

const STAND_IN = {
  text: 'STAND-IN',
  warning: "k8s is a STAND-IN of twinstack's tests here, not Canonical Kubernetes",
};

/** Where snaps of this host go in a node. */
const SNAP_FOLDER = '/var/lib/twinstack/snaps';

/** Brings the program into the node, or sees that it is there. */
function installActions(context: PlanContext, node: PlanNode): Action[] {
  const { scenario, binary } = context;
  const { install } = scenario;
  // Seen to be there before anything depends on it; and what takes its place in tests says so of itself.
  const there: Action = {
    ...exec(node, 'k8s', ['--help'], COMMAND_TIMEOUT_MS),
    warnWhen: STAND_IN,
    hint: install.from === 'preinstalled' ? NO_PROGRAM : NO_PROGRAM_IN_SNAP,
  };
  if (binary !== null)
    return [put(node, binary, { path: OWN_PROGRAM, mode: '0755', timeoutMs: COMMAND_TIMEOUT_MS }), there];
  switch (install.from) {
    case 'preinstalled':
      return [there];
    case 'release':
      throw new Error('k8s-snap has no release beside its snap');
    case 'snap-store': {
      const args = ['install', 'k8s', '--classic', `--channel=${install.channel}`];
      return [SEEDED(node), { ...exec(node, 'snap', args, INSTALL_TIMEOUT_MS), hint: NO_STORE }, there];
    }
    case 'snap-file':
      return [SEEDED(node), ...context.snaps.flatMap((snap) => snapFileActions(node, snap)), there];
  }
}

/** snapd takes nothing before it has read what its image came with. */
const SEEDED = (node: PlanNode): Action => ({
  ...exec(node, 'snap', ['wait', 'system', 'seed.loaded'], INSTALL_TIMEOUT_MS),
  hint: 'Snaps need an image with snapd, such as image: ubuntu:24.04.',
});

const NO_STORE =
  'The nodes fetch it themselves: they need a way out (egress: open) and a channel that is there. Without one, name snaps of this host: install: { snaps: [...] }.';
const NO_PROGRAM =
  'The image has no k8s, or one that does not start: name an image that has it (image), a program of your own (binary), or where to install it from (install).';
const NO_PROGRAM_IN_SNAP =
  'The snap is there and its program does not start: see diagnostics/ for the journal of the node.';

/** What vouches for a snap is made known first: `snap install` then takes the file as the store's own. */
function snapFileActions(node: PlanNode, { name, snap, assert }: PlannedSnap): Action[] {
  const path = `${SNAP_FOLDER}/${name}`;
  const snapd = (...args: string[]): Action => exec(node, 'snap', args, INSTALL_TIMEOUT_MS);
  const classic = isK8sSnapFile(name) ? ['--classic'] : [];
  if (assert === null) {
    return [
      put(node, snap, { path: path, mode: '0600', timeoutMs: COMMAND_TIMEOUT_MS }),
      snapd('install', ...classic, '--dangerous', path),
    ];
  }
  return [
    put(node, assert, { path: assertFileOf(path), mode: '0600', timeoutMs: COMMAND_TIMEOUT_MS }),
    put(node, snap, { path: path, mode: '0600', timeoutMs: COMMAND_TIMEOUT_MS }),
    snapd('ack', assertFileOf(path)),
    snapd('install', ...classic, path),
  ];
}

function configFile({ scenario }: PlanContext): string {
  const { features } = scenario;
  const [pods, services] = [toldRanges(scenario, 'pods'), toldRanges(scenario, 'services')];
  // With a file every feature but metrics-server is off unless it is switched on, the network and DNS too.
  const enabled = Object.fromEntries(
    (features ?? ['network', 'dns']).map((name) => [name, { enabled: true }]),
  );
  return stringify({
    'cluster-config': enabled,
    ...(pods === null ? {} : { 'pod-cidr': pods }),
    ...(services === null ? {} : { 'service-cidr': services }),
  });
}

/** Without an IPv4 address to find, the program has to be told where to look. */
function addressArguments({ scenario }: PlanContext): string[] {
  const { families } = scenario.network;
  return families.length === 1 && families[0] === 'IPv6' ? ['--address', '::/0'] : [];
}

function bootstrapActions(context: PlanContext, node: PlanNode): Action[] {
  const { bootstrap, dialogue: written } = context.scenario;
  const timeoutMs = bootstrap === 'interactive' ? written.timeouts.endMs : BOOTSTRAP_TIMEOUT_MS;
  const common = [...addressArguments(context), '--timeout', `${Math.ceil(timeoutMs / 1000)}s`];
  if (bootstrap === 'interactive') {
    const dialogue = bootstrapDialogue(context.scenario);
    return [
      {
        kind: 'dialogue',
        node: node.name,
        name: 'bootstrap',
        file: 'k8s',
        args: ['bootstrap', '--interactive', ...common],
        dialogue,
      },
    ];
  }
  const file = { path: CONFIG_FILE, mode: 0o600, content: configFile(context) };
  return [
    { kind: 'write-files', node: node.name, files: [file] },
    // Never `--file -`: with nothing on its input that makes a cluster without a network, and status 0.
    exec(node, 'k8s', ['bootstrap', '--file', CONFIG_FILE, ...common], BOOTSTRAP_TIMEOUT_MS + 30_000),
  ];
}

function joinSteps(context: PlanContext, first: PlanNode, others: readonly PlanNode[]): Step[] {
  let before = 'bootstrap/status';
  return others.map((node): Step => {
    const role = node.role === 'worker' ? ['--worker'] : [];
    const id = `join/${node.shortName}`;
    const step: Step = {
      id,
      phase: 'join',
      title: `k8s join-cluster on ${node.name}`,
      // Control planes one after the other: two new members of the datastore at once can cost it its majority.
      needs: [before, preparedStep(node)],
      actions: [
        ...passToken(
          exec(first, 'k8s', ['get-join-token', node.name, ...role], COMMAND_TIMEOUT_MS),
          node,
          TOKEN_FILE,
        ),
        // The program takes a token as an argument alone: xargs keeps it out of every argument on this side of the node.
        exec(
          node,
          'xargs',
          [`--arg-file=${TOKEN_FILE}`, 'k8s', 'join-cluster', ...addressArguments(context)],
          BOOTSTRAP_TIMEOUT_MS,
        ),
      ],
    };
    if (node.role === 'control-plane') before = id;
    return step;
  });
}

/** Canonical Kubernetes, bootstrapped by a file or the way a person would, by answering its questions. */
export const k8sSnap: Distribution = {
  name: 'k8s-snap',
  bootstrap(context, launched): BootstrapSteps {
    const [first, ...others] = context.nodes;
    if (first === undefined) throw new Error('a plan has at least one control plane');
    const prepares = context.nodes.map((node): Step => ({
      id: preparedStep(node),
      phase: 'bootstrap',
      title: `prepare ${node.name}`,
      needs: [launched.get(node.name) ?? 'launch/network'],
      actions: [...waitForAddresses(node, context.image), ...installActions(context, node)],
    }));
    const bootstrap: Step[] = [
      {
        id: 'bootstrap/init',
        phase: 'bootstrap',
        title: `k8s bootstrap on ${first.name}`,
        needs: [preparedStep(first)],
        actions: bootstrapActions(context, first),
      },
      {
        id: 'bootstrap/status',
        phase: 'bootstrap',
        title: `k8s status --wait-ready on ${first.name}`,
        needs: ['bootstrap/init'],
        actions: [
          exec(
            first,
            'k8s',
            ['status', '--wait-ready', '--timeout', `${STATUS_TIMEOUT_MS / 60_000}m`],
            STATUS_TIMEOUT_MS + 30_000,
          ),
        ],
      },
      {
        id: 'bootstrap/api',
        phase: 'bootstrap',
        title: 'wait for the API server',
        needs: ['bootstrap/init'],
        actions: [
          {
            kind: 'connect',
            node: first.name,
            command: ['cat', ADMIN_KUBECONFIG],
            timeoutMs: COMMAND_TIMEOUT_MS,
            // The image, the channel or the file decides which release it is, and not the scenario.
            expectVersion: context.scenario.distribution.version,
          },
        ],
      },
    ];
    const joins = joinSteps(context, first, others);
    return {
      steps: [...prepares, ...bootstrap, ...joins],
      preparedStep,
      apiStep: 'bootstrap/api',
      joinedSteps: ['bootstrap/status', ...joins.map(({ id }) => id)],
      bringsArchives: false,
    };
  },
};
