import { kubeadmInitConfig, kubeadmJoinConfig, PROBE_PATCHES } from './kubeadm-config.ts';
import { preparedStep } from './node-actions.ts';
import type { BootstrapSteps, Distribution, PlanContext } from './distribution.ts';
import type { Action, PlanNode, Step } from '../plan/plan.ts';

/** Where kubeadm leaves the kubeconfig of the cluster's administrator. */
export const ADMIN_KUBECONFIG = '/etc/kubernetes/admin.conf';

const CONFIG_FILE = '/etc/twinstack/kubeadm.yaml';
const INIT_TIMEOUT_MS = 180_000;
const JOIN_TIMEOUT_MS = 120_000;
const ADDON_TIMEOUT_MS = 60_000;
const CONTAINERD_TIMEOUT_MS = 60_000;

/** `systemctl start` returns when the unit is active: a wait without polling, once systemd itself listens. */
function waitForContainerd(node: PlanNode): Action {
  return {
    kind: 'exec',
    node: node.name,
    file: 'systemctl',
    args: ['start', 'containerd'],
    timeoutMs: CONTAINERD_TIMEOUT_MS,
    retryUntil: `containerd runs on ${node.name}`,
  };
}

function prepareStep(context: PlanContext, node: PlanNode, launched: string): Step {
  return {
    id: preparedStep(node),
    phase: 'bootstrap',
    title: `prepare ${node.name}`,
    needs: [launched],
    actions: [
      { kind: 'write-files', node: node.name, files: context.filesBefore(node) },
      waitForContainerd(node),
    ],
  };
}

function initSteps(context: PlanContext, node: PlanNode): Step[] {
  const prepared = preparedStep(node);
  const config = { path: CONFIG_FILE, mode: 0o600, content: kubeadmInitConfig(context, node) };
  const patches = PROBE_PATCHES.map((patch) => ({ ...patch, mode: 0o644 }));
  return [
    {
      id: 'bootstrap/init',
      phase: 'bootstrap',
      title: `kubeadm init on ${node.name}`,
      needs: [prepared],
      actions: [
        { kind: 'write-files', node: node.name, files: [config, ...patches] },
        {
          kind: 'exec',
          node: node.name,
          file: 'kubeadm',
          // The checks are about a host that nobody looked at; the node image and `doctor` answer for these.
          args: [
            'init',
            `--config=${CONFIG_FILE}`,
            '--ignore-preflight-errors=all',
            '--skip-token-print',
            '--skip-phases=addon/kube-proxy',
          ],
          timeoutMs: INIT_TIMEOUT_MS,
        },
      ],
    },
    {
      id: 'bootstrap/api',
      phase: 'bootstrap',
      title: 'wait for the API server',
      needs: [prepared],
      actions: [
        { kind: 'connect', node: node.name, command: ['cat', ADMIN_KUBECONFIG], timeoutMs: INIT_TIMEOUT_MS },
      ],
    },
    {
      // `init` does this last, when everything else is healthy; a ClusterIP answers seconds earlier when it is done first.
      id: 'bootstrap/kube-proxy',
      phase: 'bootstrap',
      title: `kubeadm init phase addon kube-proxy on ${node.name}`,
      needs: ['bootstrap/api'],
      actions: [
        {
          kind: 'exec',
          node: node.name,
          file: 'kubeadm',
          args: ['init', 'phase', 'addon', 'kube-proxy', `--config=${CONFIG_FILE}`],
          timeoutMs: ADDON_TIMEOUT_MS,
          retryUntil: 'the API server takes the kube-proxy addon',
        },
      ],
    },
  ];
}

function joinSteps(context: PlanContext, controlPlane: PlanNode, workers: readonly PlanNode[]): Step[] {
  return workers.map((node): Step => {
    const config = {
      path: CONFIG_FILE,
      mode: 0o600,
      content: kubeadmJoinConfig(context, node, controlPlane),
    };
    return {
      id: `join/${node.shortName}`,
      phase: 'join',
      title: `kubeadm join on ${node.name}`,
      // `connect` gives the CA's hash; the token is good once `init` is through.
      needs: ['bootstrap/init', 'bootstrap/api', preparedStep(node)],
      actions: [
        { kind: 'write-files', node: node.name, files: [config] },
        {
          kind: 'exec',
          node: node.name,
          file: 'kubeadm',
          args: ['join', `--config=${CONFIG_FILE}`, '--ignore-preflight-errors=all'],
          timeoutMs: JOIN_TIMEOUT_MS,
        },
      ],
    };
  });
}

/** kubeadm: one control plane, any number of workers that join in parallel. */
export const kubeadm: Distribution = {
  name: 'kubeadm',
  bootstrap(context, launched): BootstrapSteps {
    const controlPlane = context.nodes.find((node) => node.role === 'control-plane');
    if (controlPlane === undefined) throw new Error('a plan has at least one control plane');
    const workers = context.nodes.filter((node) => node.role === 'worker');
    const prepares = context.nodes.map((node) =>
      prepareStep(context, node, launched.get(node.name) ?? 'launch/network'),
    );
    const joins = joinSteps(context, controlPlane, workers);
    return {
      steps: [...prepares, ...initSteps(context, controlPlane), ...joins],
      preparedStep,
      apiStep: 'bootstrap/api',
      joinedSteps: ['bootstrap/init', ...workers.map((node) => `join/${node.shortName}`)],
      bringsArchives: false,
    };
  },
};
