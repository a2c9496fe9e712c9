import { stringify } from 'yaml';
import { waitForAddresses } from './address-wait.ts';
import { bootstrapDialogue } from './k8s-snap-dialogue.ts';
import type { BootstrapSteps, Distribution, PlanContext } from './distribution.ts';
import type { Action, PlanNode, Step } from '../plan/plan.ts';

const CONFIG_FILE = '/etc/twinstack/k8s-bootstrap.yaml';
const TOKEN_FILE = '/etc/twinstack/k8s-join-token';
const ADMIN_KUBECONFIG = '/etc/kubernetes/admin.conf';
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

const preparedStep = (node: PlanNode): string => `bootstrap/prepare/${node.shortName}`;

function exec(
  node: PlanNode,
  file: string,
  args: readonly string[],
  timeoutMs: number,
): Extract<Action, { kind: 'exec' }> {
  return { kind: 'exec', node: node.name, file, args, timeoutMs };
}

/** Brings the program into the node, or sees that it is there. */
function installActions({ scenario, binary }: PlanContext, node: PlanNode): Action[] {
  const { install } = scenario;
  const snap = (...args: string[]): Action => exec(node, 'snap', args, INSTALL_TIMEOUT_MS);
  // Seen to be there before anything depends on it; and what takes its place in tests says so of itself.
  const there: Action = { ...exec(node, 'k8s', ['--help'], COMMAND_TIMEOUT_MS), warnWhen: STAND_IN };
  if (binary !== null) {
    const args = ['-D', '--mode=0755', '/dev/stdin', OWN_PROGRAM];
    return [{ ...exec(node, 'install', args, COMMAND_TIMEOUT_MS), input: binary }, there];
  }
  if (install.from === 'snap-store') {
    return [
      snap('wait', 'system', 'seed.loaded'),
      snap('install', 'k8s', '--classic', `--channel=${install.channel}`),
      there,
    ];
  }
  return [there];
}

function configFile({ scenario }: PlanContext): string {
  const { network, features } = scenario;
  // With a file every feature but metrics-server is off unless it is switched on, the network and DNS too.
  const enabled = Object.fromEntries(
    (features ?? ['network', 'dns']).map((name) => [name, { enabled: true }]),
  );
  return stringify({
    'cluster-config': enabled,
    'pod-cidr': network.pods.join(','),
    'service-cidr': network.services.join(','),
  });
}

/** Without an IPv4 address to find, the program has to be told where to look. */
function addressArguments({ scenario }: PlanContext): string[] {
  const { families } = scenario.network;
  return families.length === 1 && families[0] === 'IPv6' ? ['--address', '::/0'] : [];
}

function bootstrapActions(context: PlanContext, node: PlanNode): Action[] {
  const { bootstrap } = context.scenario;
  const common = [...addressArguments(context), '--timeout', `${BOOTSTRAP_TIMEOUT_MS / 60_000}m`];
  if (bootstrap === 'interactive') {
    const dialogue = bootstrapDialogue(context.scenario, BOOTSTRAP_TIMEOUT_MS);
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
    const value = `secret.joinToken.${node.shortName}`;
    const role = node.role === 'worker' ? ['--worker'] : [];
    const id = `join/${node.shortName}`;
    const step: Step = {
      id,
      phase: 'join',
      title: `k8s join-cluster on ${node.name}`,
      // Control planes one after the other: two new members of the datastore at once can cost it its majority.
      needs: [before, preparedStep(node)],
      actions: [
        {
          kind: 'exec',
          node: first.name,
          file: 'k8s',
          args: ['get-join-token', node.name, ...role],
          timeoutMs: COMMAND_TIMEOUT_MS,
          capture: value,
        },
        {
          kind: 'write-files',
          node: node.name,
          files: [{ path: TOKEN_FILE, mode: 0o600, content: `{{${value}}}\n` }],
        },
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
      actions: [...waitForAddresses(node), ...installActions(context, node)],
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
          { kind: 'connect', node: first.name, path: ADMIN_KUBECONFIG, timeoutMs: COMMAND_TIMEOUT_MS },
        ],
      },
    ];
    const joins = joinSteps(context, first, others);
    return {
      steps: [...prepares, ...bootstrap, ...joins],
      preparedStep,
      apiStep: 'bootstrap/api',
      joinedSteps: ['bootstrap/status', ...joins.map(({ id }) => id)],
    };
  },
};
