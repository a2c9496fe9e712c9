import { waitForAddresses } from './address-wait.ts';
import { exec, passToken, preparedStep, put } from './node-actions.ts';
import { k0sConfig } from './k0s-config.ts';
import {
  COMPONENTS_SCRIPT,
  CONTROLLER_COMPONENTS,
  JOINED_SCRIPT,
  KUBECONFIG_SCRIPT,
  REFUSED_STATUS,
  WORKER_COMPONENTS,
} from './k0s-scripts.ts';
import type { BootstrapSteps, Distribution, PlanContext } from './distribution.ts';
import type { Action, PlanNode, Step } from '../plan/plan.ts';
import type { NodeFile } from '../providers/provider.ts';

const CONFIG_FILE = '/etc/k0s/k0s.yaml';
const TOKEN_FILE = '/etc/k0s/worker-token';
const PROGRAM = '/usr/local/bin/k0s';
/** Archives in it are imported by k0s itself before it starts a pod. */
const IMAGES_FOLDER = '/var/lib/k0s/images';
const COMMAND_TIMEOUT_MS = 60_000;
/** A program with everything in it has a quarter of a gigabyte. */
const PUSH_TIMEOUT_MS = 300_000;
const API_TIMEOUT_MS = 180_000;
const JOIN_TIMEOUT_MS = 120_000;
const SYSTEMD_TIMEOUT_MS = 60_000;

const STAND_IN = { text: 'STAND-IN', warning: "k0s is a STAND-IN of twinstack's tests here, not k0s" };

const NO_PROGRAM =
  'The image has no k0s, or one that does not start: name an image that has it (image), a program of your own (binary), or leave install out: it then comes from its release.';
const MISSING_COMPONENT =
  'This k0s has no components in it, and looks for them in /var/lib/k0s/bin and in PATH: use one that has them (install: release), or an image with each of them.';
const OTHER_CONFIG =
  'This k0s knows another configuration than we write for distribution.version: write the version that `k0s version` prints, or name another program.';
const NO_JOIN =
  'The lines above are the worker\'s own. "Unauthorized" is a token that expired or is of another cluster; diagnostics/ has the journals of both nodes.';

/** runc can't lower a score where the host withholds CAP_SYS_RESOURCE, and a container has no AppArmor of its own. */
const CONTAINERD_SETTINGS = `version = 3
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_apparmor = true
`;

/** A controller of its own is no node of Kubernetes: it runs no kubelet. */
function isKubernetesNode(context: PlanContext, node: PlanNode): boolean {
  return context.nodes.some(({ name }) => name === node.name);
}

function isController(node: PlanNode): boolean {
  return node.role === 'control-plane';
}

/** Our node images start a container runtime; k0s starts its own, which finds the containers of the other. */
function runtimeActions(context: PlanContext, node: PlanNode): Action[] {
  if (context.image.components === null) return [];
  const stop: Action = {
    ...exec(node, 'systemctl', ['disable', '--now', 'containerd', 'kubelet'], SYSTEMD_TIMEOUT_MS),
    retryUntil: `systemd takes commands on ${node.name}`,
  };
  if (!isKubernetesNode(context, node)) return [stop];
  return [
    stop,
    exec(node, 'mkdir', ['--parents', '/var/lib/k0s'], COMMAND_TIMEOUT_MS),
    exec(node, 'mv', ['/var/lib/containerd', '/var/lib/k0s/containerd'], COMMAND_TIMEOUT_MS),
  ];
}

/** What k0s looks for at run time only, and then says when the API server is up already. */
function componentActions(context: PlanContext, node: PlanNode): Action[] {
  const { binary, image, scenario } = context;
  const hasThem = binary === null ? scenario.install.from === 'release' : binary.embedsComponents;
  const isUnknown = binary === null && image.components === null;
  if (hasThem || isUnknown) return [];
  const names = [
    ...(isController(node) ? CONTROLLER_COMPONENTS : []),
    ...(isKubernetesNode(context, node) ? WORKER_COMPONENTS : []),
  ];
  return [
    { ...exec(node, 'sh', [COMPONENTS_SCRIPT.path, ...names], COMMAND_TIMEOUT_MS), hint: MISSING_COMPONENT },
  ];
}

function nodeFiles(context: PlanContext, node: PlanNode): NodeFile[] {
  const own = isKubernetesNode(context, node) ? context.filesBefore(node) : [];
  const ofController = isController(node)
    ? [{ path: CONFIG_FILE, mode: 0o600, content: k0sConfig(context, node) }, KUBECONFIG_SCRIPT]
    : [JOINED_SCRIPT];
  return [
    ...own,
    { path: '/etc/k0s/containerd.d/twinstack.toml', mode: 0o644, content: CONTAINERD_SETTINGS },
    COMPONENTS_SCRIPT,
    ...ofController,
  ];
}

function prepareStep(context: PlanContext, node: PlanNode, launched: string): Step {
  const { binary, archives } = context;
  const images = isKubernetesNode(context, node)
    ? archives.map((archive, index) =>
        put(node, archive, {
          path: `${IMAGES_FOLDER}/${index + 1}-${archive.file.split('/').at(-1)}`,
          mode: '0644',
          timeoutMs: PUSH_TIMEOUT_MS,
        }),
      )
    : [];
  return {
    id: preparedStep(node),
    phase: 'bootstrap',
    title: `prepare ${node.name}`,
    needs: [launched],
    actions: [
      ...waitForAddresses(node, context.image),
      ...runtimeActions(context, node),
      { kind: 'write-files', node: node.name, files: nodeFiles(context, node) },
      ...(binary === null
        ? []
        : [put(node, binary, { path: PROGRAM, mode: '0755', timeoutMs: PUSH_TIMEOUT_MS })]),
      ...images,
      // Seen to be there before anything depends on it; and what takes its place in tests says so of itself.
      { ...exec(node, 'k0s', ['--help'], COMMAND_TIMEOUT_MS), warnWhen: STAND_IN, hint: NO_PROGRAM },
      ...componentActions(context, node),
      ...(isController(node)
        ? [
            {
              ...exec(
                node,
                'k0s',
                ['config', 'validate', '--config', CONFIG_FILE, ...gateArguments(context)],
                COMMAND_TIMEOUT_MS,
              ),
              hint: OTHER_CONFIG,
            },
          ]
        : []),
    ],
  };
}

function kubeletArguments({ scenario }: PlanContext, node: PlanNode): string {
  const all = {
    'node-ip': node.addresses.map(({ address }) => address).join(','),
    ...scenario.extraArgs.kubelet,
  };
  return Object.entries(all)
    .map(([name, value]) => `--${name}=${value}`)
    .join(' ');
}

const ROLE_ARGUMENTS = {
  single: ['--single'],
  'controller+worker': ['--enable-worker', '--no-taints'],
  controller: [],
} as const;

/** k0s: `feature gate IPv6SingleStack must be explicitly enabled to use IPv6 single stack`. */
function gateArguments({ scenario }: PlanContext): string[] {
  const { families } = scenario.network;
  return families.length === 1 && families[0] === 'IPv6' ? ['--feature-gates=IPv6SingleStack=true'] : [];
}

function controllerArguments(context: PlanContext, node: PlanNode): string[] {
  const { scenario, image } = context;
  const { controllerRole } = scenario.nodes;
  return [
    'install',
    'controller',
    ...ROLE_ARGUMENTS[controllerRole ?? 'single'],
    '--config',
    CONFIG_FILE,
    // They are about a host that nobody looked at; `doctor` answers for ours.
    '--ignore-pre-flight-checks',
    // Their images are in no node image of ours, and a lab with its own API server on the nodes' network needs neither.
    ...(image.components === null ? [] : ['--disable-components=metrics-server,konnectivity-server']),
    ...gateArguments(context),
    ...(isKubernetesNode(context, node) ? [`--kubelet-extra-args=${kubeletArguments(context, node)}`] : []),
    '--start',
  ];
}

function controllerSteps(context: PlanContext, node: PlanNode): Step[] {
  return [
    {
      id: 'bootstrap/init',
      phase: 'bootstrap',
      title: `k0s install controller on ${node.name}`,
      needs: [preparedStep(node)],
      actions: [exec(node, 'k0s', controllerArguments(context, node), COMMAND_TIMEOUT_MS)],
    },
    {
      id: 'bootstrap/api',
      phase: 'bootstrap',
      title: 'wait for the API server',
      needs: ['bootstrap/init'],
      actions: [
        {
          kind: 'connect',
          node: node.name,
          command: ['sh', KUBECONFIG_SCRIPT.path],
          timeoutMs: API_TIMEOUT_MS,
          // The program decides which release it is, and not the scenario.
          expectVersion: context.scenario.distribution.version,
        },
      ],
    },
  ];
}

function joinStep(context: PlanContext, controller: PlanNode, node: PlanNode): Step {
  return {
    id: `join/${node.shortName}`,
    phase: 'join',
    title: `k0s install worker on ${node.name}`,
    needs: ['bootstrap/api', preparedStep(node)],
    actions: [
      ...passToken(
        exec(
          controller,
          'k0s',
          ['token', 'create', '--role=worker', '--expiry=1h', '--wait'],
          COMMAND_TIMEOUT_MS,
        ),
        node,
        TOKEN_FILE,
      ),
      exec(
        node,
        'k0s',
        [
          'install',
          'worker',
          '--token-file',
          TOKEN_FILE,
          '--ignore-pre-flight-checks',
          `--kubelet-extra-args=${kubeletArguments(context, node)}`,
          '--start',
        ],
        COMMAND_TIMEOUT_MS,
      ),
      {
        ...exec(node, 'sh', [JOINED_SCRIPT.path], JOIN_TIMEOUT_MS),
        retryUntil: `the API server takes the token of ${node.name}`,
        giveUpStatus: REFUSED_STATUS,
        hint: NO_JOIN,
      },
    ],
  };
}

/** k0s: one controller, which may be a node or not, and any number of workers that join in parallel. */
export const k0s: Distribution = {
  name: 'k0s',
  bootstrap(context, launched): BootstrapSteps {
    const machines = [...context.controllers, ...context.nodes];
    const controller = machines.find(isController);
    if (controller === undefined) throw new Error('a plan has at least one control plane');
    const prepares = machines.map((node) =>
      prepareStep(context, node, launched.get(node.name) ?? 'launch/network'),
    );
    const joins = machines
      .filter((node) => !isController(node))
      .map((node) => joinStep(context, controller, node));
    return {
      steps: [...prepares, ...controllerSteps(context, controller), ...joins],
      preparedStep,
      apiStep: 'bootstrap/api',
      joinedSteps: joins.map(({ id }) => id),
      bringsArchives: true,
    };
  },
};
