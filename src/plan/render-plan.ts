import { CLUSTER_FILES, type ClusterSpec, type Owner, type Provider } from '../providers/provider.ts';
import type { Action, ClusterCondition, Plan, Step } from './plan.ts';
import { formatForeignImage } from '../scenario/foreign-image-name.ts';
import type { PlannedCheck } from '../checks/planned-check.ts';

/** The commands that an engine's client is given, as data. */
export type CommandDialect = Pick<Provider, 'name' | 'commandsFor' | 'startCommand' | 'execCommand'>;

/** An argument as a person would type it. For reading only: nothing of ours passes through a shell. */
export function quoteArgument(argument: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function commandLine(command: readonly string[]): string {
  return `  $ ${command.map(quoteArgument).join(' ')}`;
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    | ${line}`.trimEnd());
}

function conditionText(condition: ClusterCondition): string {
  switch (condition.type) {
    case 'pod-cidrs':
      return `every node has a pod range for ${condition.families.join(' and ')}`;
    case 'node-addresses':
      return `every node has an address of ${condition.families.join(' and ')}`;
    case 'nodes-ready':
      return `Ready: ${condition.nodes.join(', ')}`;
    case 'daemonset-ready':
      return `daemonset ${condition.namespace}/${condition.name} runs on every node`;
    case 'daemonset-on-node':
      return `daemonset ${condition.namespace}/${condition.name} is ready on ${condition.node}`;
    case 'workload-ready':
      return `${condition.kind} ${condition.namespace}/${condition.name} is ${condition.kind === 'Job' ? 'complete' : 'ready'}`;
    case 'service-ready':
      return `service ${condition.namespace}/${condition.name} has ready endpoints for ${condition.families.join(' and ')}`;
  }
}

function checkText(check: PlannedCheck): string {
  switch (check.type) {
    case 'service-http':
      return `curl the ${check.family} ClusterIP of ${check.service} from ${check.from.kind === 'node' ? '' : 'the probe pod on '}${check.from.node}: 200 and "${check.expectBody}"`;
    case 'node-internal-ip':
      return `${check.node} has one ${check.family} InternalIP`;
    case 'node-pod-cidr':
      return `${check.node} has one ${check.family} podCIDR`;
    case 'pod-ip':
      return `each pod with ${check.labelSelector} has one ${check.family} podIP`;
    case 'endpoint-slice':
      return `${check.service} has an EndpointSlice of ${check.family} with a ready endpoint`;
    case 'pods-ready':
      return 'every pod of every namespace is Ready';
    case 'egress-blocked':
      return `a listener at ${check.gateway} answers this host and not ${check.node}`;
    case 'service-port':
      return `connect to port ${check.port} of the ${check.family} ClusterIP of ${check.namespace}/${check.service} from ${check.from.kind === 'node' ? '' : 'the probe pod on '}${check.from.node}${check.http ? ', which must answer HTTP below 500' : ''}`;
    case 'own-test':
      return `that this ends with status 0; its output goes to ${check.log} in the report's folder`;
  }
}

/** The command of a test of the user's own, as he would type it. */
function ownTestLines(check: PlannedCheck): string[] {
  if (check.type !== 'own-test') return [];
  const variables = Object.entries(check.env).map(([name, value]) => `${name}=${quoteArgument(value)}`);
  return [
    `  in ${check.cwd}, with KUBECONFIG, TWINSTACK_NODES and others${variables.length === 0 ? '' : `, and ${variables.join(' ')}`}`,
    commandLine(check.command),
  ];
}

/** What the program that makes a cluster reads, and what its nodes find. */
function clusterLines({ config, files }: ClusterSpec): string[] {
  return [
    '  which reads',
    ...indented(config),
    ...files.flatMap(({ name, content }) => [
      `  with ${CLUSTER_FILES}/${name} in each node`,
      ...indented(content),
    ]),
  ];
}

function actionLines(action: Action, dialect: CommandDialect, owner: Owner): string[] {
  switch (action.kind) {
    case 'create':
      return [
        ...dialect.commandsFor(action.resource, owner).map(commandLine),
        ...(action.resource.kind === 'cluster' ? clusterLines(action.resource) : []),
      ];
    case 'start':
      return [commandLine(dialect.startCommand(action.node))];
    case 'write-files':
      return action.files.flatMap(({ path, mode, content }) => [
        `  write ${action.node}:${path} (${mode.toString(8).padStart(4, '0')})`,
        ...indented(content),
      ]);
    case 'exec': {
      const until = action.retryUntil === undefined ? '' : ` until ${action.retryUntil},`;
      const deadline = `  #${until} at most ${action.timeoutMs / 1000} s`;
      const command = (input: boolean): string =>
        commandLine(dialect.execCommand(action.node, action.file, action.args, input));
      if (action.input === undefined) return [command(false), deadline];
      const { file, sizeBytes, sha256 } = action.input;
      const named = 'references' in action.input ? `${action.input.references.join(', ')}: ` : '';
      const what = `  # ${named}${sizeBytes} bytes, SHA-256 ${sha256}`;
      return [`${command(true)} < ${quoteArgument(file)}`, what, deadline];
    }
    case 'connect': {
      const [file = '', ...args] = action.command ?? [];
      return [
        action.command === null
          ? '  read the kubeconfig of the cluster'
          : commandLine(dialect.execCommand(action.node, file, args)),
        `  wait until the API server answers, at most ${action.timeoutMs / 1000} s`,
      ];
    }
    case 'wait':
      return [`  watch until ${conditionText(action.condition)}, at most ${action.timeoutMs / 1000} s`];
    case 'apply':
      return [
        ...(action.values === undefined
          ? []
          : [`  render ${action.name} with these values`, ...indented(action.values)]),
        `  apply ${action.name} on the server's side`,
        ...indented(action.manifest),
      ];
    case 'dialogue': {
      const { prompts, mode, limits } = action.dialogue;
      const command = commandLine(dialect.execCommand(action.node, action.file, action.args, true));
      return [
        `${command} # over a ${mode}`,
        ...prompts.map(({ pattern, answer, secret }) => {
          return `  when it asks /${pattern}/, answer ${secret ? 'with a secret' : JSON.stringify(answer)}`;
        }),
        `  # each prompt at most ${limits.promptMs / 1000} s, the end at most ${limits.endMs / 1000} s after the last answer`,
      ];
    }
    case 'check':
      return [
        ...ownTestLines(action.check),
        `  check ${checkText(action.check)}, at most ${action.check.timeoutMs / 1000} s`,
      ];
  }
}

function stepLines(step: Step, dialect: CommandDialect, owner: Owner): string[] {
  const after = step.needs.length === 0 ? '' : ` (after ${step.needs.join(', ')})`;
  return [
    `[${step.id}] ${step.title}${after}`,
    ...step.actions.flatMap((action) => actionLines(action, dialect, owner)),
    '',
  ];
}

function imageLine({ scenario, image }: Plan): string {
  const { foreign } = image;
  if (foreign === null) {
    const from = scenario.image === null ? 'comes from the cache or is built' : `is ${scenario.image}`;
    return `[image] the node image ${from}, and is imported into the engine unless it is there`;
  }
  const got =
    foreign.remote === 'local'
      ? 'which the engine has to have'
      : 'which the engine downloads unless it is there';
  return `[image] the nodes are made of ${formatForeignImage(foreign)}, an image that is not of twinstack, ${got}`;
}

/** A plan as text: each step with its exact commands and files, in the order in which steps may start. */
export function renderPlan(plan: Plan, dialect: CommandDialect, owner: Owner): string[] {
  const { scenario, nodes, allocation } = plan;
  const { distribution, network } = scenario;
  return [
    `# ${scenario.name}: ${distribution.name} ${distribution.version} on ${dialect.name}, ${nodes.length} node(s), ${network.families.join(' + ')}`,
    `# The run's id (here: ${allocation.runId}), the node network (here: ${allocation.ranges.map(({ cidr }) => cidr).join(' and ')}) and`,
    '# the image are chosen at run time; {{…}} is a value that only the run knows. Steps run as soon as those before them are done.',
    '',
    imageLine(plan),
    '',
    ...plan.steps.flatMap((step) => stepLines(step, dialect, owner)),
    "[cleanup] remove every object that carries the run's label: instances, profile, network, ACL",
  ];
}
