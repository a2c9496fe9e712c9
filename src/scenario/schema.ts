import { z } from 'zod';
import { DIALOGUE_MODES } from '../dialogue/dialogue.ts';
import { DURATION_PATTERN, parseDuration } from './duration.ts';
import { hasDuplicates, networkSchema, text } from './network-schema.ts';
import { isK8sSnapFile } from './snap-file.ts';
import { ANSWER_VALUES } from './answer-values.ts';
import { CALICO_OVERLAYS, CNI_MODES, CNI_NAMES, CONTROLLER_ROLES } from './scenario.ts';
import { DEFAULT_BLOCK_SIZES } from './network-plugin.ts';
import { PROGRAMS, STATIC_PROGRAMS } from './own-programs.ts';
import { DEFAULT_KUBERNETES_VERSION, SUPPORTED_KUBERNETES_VERSIONS } from './supported-versions.ts';

// Everything that is known about the shape of a scenario file is in this one schema: types, validation, defaults, the editors'
// JSON Schema and the reference page come from it. What depends on several values at once is a rule, in rules/.

/** A DNS-1123 label, for it becomes part of host names; short enough to leave room for a prefix and a node's number. */
export const NAME_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
export const NAME_MAX_LENGTH = 40;

/** A day; timers themselves end at 24.8 days and would then fire at once. */
const LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;

function durationOf(standard: string, description: string) {
  return z
    .string({ error: 'expected a duration with its unit, such as 10m or 90s' })
    .regex(DURATION_PATTERN, {
      error: ({ input }) =>
        `${JSON.stringify(input)} is not a duration: write a number and ms, s, m or h, such as 10m or 90s`,
      abort: true,
    })
    .refine((duration) => parseDuration(duration) >= 1, { error: 'must be longer than nothing' })
    .refine((duration) => parseDuration(duration) <= LONGEST_TIMEOUT_MS, { error: 'must be at most 24h' })
    .default(standard)
    .meta({ description, examples: [standard, '90s'] });
}

/** Why a text is no regular expression; null when it is one. */
function regexProblem(pattern: string): string | null {
  try {
    new RegExp(pattern, 'u');
    return null;
  } catch (error) {
    return error instanceof Error
      ? error.message.replace(/^Invalid regular expression: /, '')
      : String(error);
  }
}

const VERSION_PATTERN = /^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/;
const VERSION_SHAPE = 'a version is three numbers with dots between, such as 1.36.3';

const nodes = z
  .strictObject({
    controlPlanes: z.int().min(1).default(1).meta({
      description:
        'Number of control-plane nodes, which take pods too. More than one is for k8s-snap alone, so far.',
    }),
    workers: z.int().min(0).default(0).meta({ description: 'Number of worker nodes.' }),
    controllerRole: z
      .enum(CONTROLLER_ROLES)
      .optional()
      .meta({
        description:
          'What the controller of k0s is beside that, in the words of k0sctl: single (alone, without a way to join it), ' +
          'controller+worker (it takes pods too) or controller (no node of Kubernetes at all: at least one worker is). Unless written ' +
          'single without workers, and controller with them.',
        examples: ['controller+worker'],
      }),
  })
  .prefault({})
  .meta({ description: 'How many nodes the cluster has.', examples: [{ controlPlanes: 1, workers: 2 }] });

const distribution = z
  .strictObject({
    name: z
      .enum(['kubeadm', 'k0s', 'k8s-snap'])
      .default('kubeadm')
      .meta({ description: 'What turns the machines into a cluster.' }),
    version: z
      .string({ error: VERSION_SHAPE })
      .regex(VERSION_PATTERN, {
        error: ({ input }) =>
          typeof input === 'string' && /^v\d/.test(input)
            ? `${VERSION_SHAPE}, without the v`
            : `${VERSION_SHAPE}; ${JSON.stringify(input)} is none`,
      })
      .default(DEFAULT_KUBERNETES_VERSION)
      .meta({
        description: `The distribution's own version; kubeadm's is the Kubernetes release without the v, one of ${SUPPORTED_KUBERNETES_VERSIONS.join(', ')}.`,
        examples: [...SUPPORTED_KUBERNETES_VERSIONS, '1.36.3+k0s.2'],
      }),
  })
  .prefault({})
  .meta({
    description: 'The Kubernetes distribution.',
    examples: [{ name: 'kubeadm', version: DEFAULT_KUBERNETES_VERSION }],
  });

const cni = z
  .strictObject({
    name: z
      .enum(CNI_NAMES)
      .optional()
      .meta({
        description:
          'The network plugin that gives pods their addresses and routes: bridge unless written, with provider kind the kindnet of its node image, ' +
          "and k0s' own kube-router with k0s. custom is a manifest of your own.",
        default: 'bridge',
      }),
    mode: z
      .enum(CNI_MODES)
      .optional()
      .meta({
        description:
          'How traffic goes between nodes: bird or vxlan with calico (vxlan unless written), vxlan or host-gw with flannel (vxlan unless written).',
        examples: ['bird'],
      }),
    manifest: text(
      'Path of the Kubernetes manifest that installs it, relative to the scenario file: for custom, for calico with kubeadm (as Tigera ' +
        'publishes calico.yaml) and for cilium (as helm template writes it). None comes with twinstack.',
      ['manifests/calico.yaml'],
    ).optional(),
    chart: z
      .string()
      .regex(/\.tgz$/, { error: 'must be the path of a packed Helm chart, which ends in .tgz' })
      .optional()
      .meta({
        description:
          "Path of cilium's Helm chart on this host, relative to the scenario file, in the place of a manifest; it is rendered with the helm in PATH.",
        examples: ['charts/cilium-1.18.4.tgz'],
      }),
    blockSizes: z
      .strictObject({
        ipv4: z.int().optional().meta({
          description: 'Of the IPv4 pod range, 20 to 32.',
          default: DEFAULT_BLOCK_SIZES.ipv4,
        }),
        ipv6: z.int().optional().meta({
          description: 'Of the IPv6 pod range, 116 to 128.',
          default: DEFAULT_BLOCK_SIZES.ipv6,
        }),
      })
      .prefault({})
      .meta({
        description: 'calico: prefix length of the blocks that nodes take from the pod ranges.',
        examples: [{ ipv4: 26, ipv6: 122 }],
      }),
    natOutgoing: z.boolean().optional().meta({
      description:
        "calico: whether what leaves the pod ranges has the node's address; between pods there is no NAT either way.",
      default: true,
    }),
    autodetection: z
      .strictObject({
        ipv4: text('As in IP_AUTODETECTION_METHOD.', ['interface=eth0']).optional(),
        ipv6: text('As in IP6_AUTODETECTION_METHOD.', ['interface=eth0']).optional(),
      })
      .prefault({})
      .meta({
        description:
          "calico: how a node finds its own address, in Calico's words; kubernetes-internal-ip unless written.",
        examples: [{ ipv6: 'interface=eth0' }],
      }),
    overlay: z
      .enum(CALICO_OVERLAYS)
      .optional()
      .meta({
        description:
          'calico in mode bird: when IPv4 packets between nodes are wrapped into IPIP, which needs the kernel module ipip. There is no such ' +
          'thing for IPv6.',
        default: 'Never',
      }),
  })
  .prefault({})
  .meta({
    description: 'The network plugin.',
    examples: [{ name: 'bridge' }, { name: 'calico', mode: 'bird' }],
  });

const ownProgram = z
  .string()
  .min(1, { error: 'expected the path of a program' })
  .optional()
  .meta({ description: 'Path of the program, relative to the scenario file.' });

const binaries = z
  .strictObject(
    Object.fromEntries(PROGRAMS.map((name) => [name, ownProgram])) as Record<
      (typeof PROGRAMS)[number],
      typeof ownProgram
    >,
  )
  .prefault({})
  .meta({
    description:
      "Programs of your own, in the place of the node image's: for Linux and the node's architecture; those that run in containers " +
      `of their own (${STATIC_PROGRAMS.join(', ')}) statically linked.`,
    examples: [{ kubelet: './out/kubelet' }],
  });

const kubeProxy = z
  .strictObject({
    mode: z
      .enum(['nftables', 'iptables'])
      .default('nftables')
      .meta({ description: 'How kube-proxy writes its rules.' }),
  })
  .prefault({})
  .meta({ description: 'kube-proxy, which makes Services work.', examples: [{ mode: 'iptables' }] });

const dialoguePrompt = z.strictObject({
  name: z
    .string()
    .meta({
      description: 'What messages and transcripts call it, as a DNS label.',
      pattern: NAME_PATTERN.source,
      maxLength: NAME_MAX_LENGTH,
      examples: ['pod-cidr'],
    })
    .refine((name) => NAME_PATTERN.test(name) && name.length <= NAME_MAX_LENGTH, {
      error: `must be a DNS label of at most ${NAME_MAX_LENGTH} characters, such as pod-cidr`,
    }),
  pattern: z
    .string()
    .refine((pattern) => regexProblem(pattern) === null, {
      error: ({ input }) => `is no regular expression: ${regexProblem(String(input)) ?? ''}`,
    })
    .meta({
      description:
        'A regular expression (JavaScript, Unicode), held against what stands on the line that has not ended, without escape codes.',
      examples: ['^Pod CIDR .*: $'],
    }),
  answer: z
    .string()
    .refine((answer) => !/[\r\n\u0000]/.test(answer), {
      error: 'has a line end or a NUL in it: an answer is one line, whose end is added',
    })
    .meta({
      description: `One line. ${ANSWER_VALUES.map((name) => `{{ ${name} }}`).join(', ')} stand for what the scenario has.`,
      examples: ['{{ network.pods }}', ''],
    }),
  optional: z.boolean().default(false).meta({ description: 'The program may go on without asking it.' }),
  times: z.int().min(1).max(100).default(1).meta({
    description:
      'How often it may be asked, each time with the same answer; once more, and its answer counts as rejected.',
  }),
  secret: z
    .boolean()
    .default(false)
    .meta({ description: 'The answer is masked in transcripts, messages and reports.' }),
});

const dialogue = z
  .strictObject({
    mode: z
      .enum(DIALOGUE_MODES)
      .default('pipe')
      .meta({ description: 'Whether the program has pipes, or believes in a terminal.' }),
    prompts: z
      .array(dialoguePrompt)
      .min(1)
      .optional()
      .refine((prompts) => !hasDuplicates((prompts ?? []).map(({ name }) => name)), {
        error: 'names a prompt twice',
      })
      .meta({
        description:
          "What it asks and is answered, in order, in the place of the distribution's own: for a release that asks in other words.",
        examples: [[{ name: 'pod-cidr', pattern: '^Pod CIDR .*: $', answer: '{{ network.pods }}' }]],
      }),
    timeouts: z
      .strictObject({
        prompt: durationOf('60s', 'How long the next prompt may take, whatever else is printed.'),
        silence: durationOf('30s', 'How long the program may print nothing while a prompt is awaited.'),
        end: durationOf('10m', 'How long it may run after the last answer.'),
      })
      .prefault({})
      .meta({ description: 'When a dialogue is given up.', examples: [{ silence: '2m' }] }),
  })
  .prefault({})
  .meta({
    description: 'How a program that asks is talked to, with bootstrap: interactive.',
    examples: [{ mode: 'pty' }],
  });

const features = z
  .array(z.string())
  .refine((names) => !hasDuplicates(names), { error: 'names a feature twice' })
  .optional()
  .meta({
    description:
      'What k8s-snap switches on; unless written its own default when it is asked, and network and dns with a file.',
    examples: [['network', 'dns']],
  });

/** What `snap download` names a file, or anything else that ends so. */
const snapFile = z
  .string()
  .regex(/\.snap$/, { error: 'must be the path of a snap, which ends in .snap' })
  .meta({ description: 'Path of a snap, relative to the scenario file.' });

const install = z
  .union(
    [
      text(
        'preinstalled: it is in the image, or comes as binary. release (k0s): the official binary of distribution.version, fetched by this ' +
          'host and held against its checksum; release+airgap: with the bundle of its container images. Anything else (k8s-snap): a ' +
          'channel of the snap store.',
        ['preinstalled', 'release', '1.36-classic/stable'],
      ).min(1),
      z
        .strictObject({
          snaps: z
            .array(snapFile)
            .min(1)
            .refine((snaps) => !hasDuplicates(snaps), { error: 'names a snap twice' })
            .refine((snaps) => snaps.filter(isK8sSnapFile).length === 1, {
              error: 'must have exactly one snap of k8s, whose file name begins with k8s',
            })
            .meta({
              description:
                'Installed in this order: what k8s builds on (snapd, its base), then k8s. Beside each its .assert, as `snap download` writes it.',
            }),
          dangerous: z.boolean().default(false).meta({
            description: 'Take snaps without an .assert beside them, such as those that were just built.',
          }),
        })
        .meta({ description: 'Snaps on this host, for nodes without a way to the store.' }),
    ],
    { error: 'expected preinstalled, a channel such as 1.36-classic/stable, or { snaps: [FILE, …] }' },
  )
  .optional()
  .meta({
    description:
      'Where the distribution k8s-snap or k0s is installed from. With k0s release, unless written or binary is.',
    examples: ['release', '1.36-classic/stable', { snaps: ['core22_1748.snap', 'k8s_3400.snap'] }],
  });

function argumentsOf(program: string, note = '') {
  return z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: `Arguments of ${program}.${note}` });
}

const extraArgs = z
  .strictObject({
    apiServer: argumentsOf('kube-apiserver'),
    controllerManager: argumentsOf('kube-controller-manager'),
    scheduler: argumentsOf('kube-scheduler'),
    etcd: argumentsOf('etcd'),
    kubelet: argumentsOf('kubelet'),
    kubeProxy: argumentsOf('kube-proxy', ' Not supported yet.'),
  })
  .prefault({})
  .meta({
    description:
      'Extra command line arguments by component: names without the leading dashes, values as text. What the plan sets itself is ' +
      'refused, with the key to use instead.',
    examples: [{ apiServer: { v: '4' }, kubelet: { 'max-pods': '50' } }],
  });

const workload = z.union(
  [
    z
      .literal('nginxdualstack')
      .meta({ description: 'The nginx of the dual-stack guides, behind a RequireDualStack Service.' }),
    z
      .strictObject({
        manifest: text('Path of a Kubernetes manifest, relative to the scenario file.', [
          'manifests/web.yaml',
        ]),
        image: text(
          'The image that the manifest names, where it has to be had from elsewhere. Not supported yet.',
          ['registry.example/web:1.0'],
        ).optional(),
      })
      .meta({ description: 'A manifest of your own; each of its Services is asked for its answer.' }),
  ],
  { error: 'expected nginxdualstack or a manifest of your own, such as { manifest: web.yaml }' },
);

/** Set by us for every test of the user's own. */
const RESERVED_VARIABLE = /^(KUBECONFIG|TWINSTACK_.*)$/;

const NUL = '\u0000';

const word = z.string().refine((value) => !value.includes(NUL), { error: 'has a NUL character in it' });

const userTest = z
  .strictObject({
    name: z
      .string()
      .optional()
      .meta({
        description:
          'What its check is called, as a DNS label: test/NAME/both/exit-status; made from the command unless written.',
        pattern: NAME_PATTERN.source,
        maxLength: NAME_MAX_LENGTH,
        examples: ['smoke'],
      }),
    run: z
      .array(word)
      .min(1)
      .refine((command) => command[0]?.trim() !== '', { error: 'begins with an empty text: name a program' })
      .meta({
        description:
          'The program and its arguments; no shell is in between. A program with a slash in it is relative to cwd.',
        examples: [['npm', 'test']],
      }),
    cwd: text(
      "The folder to run it in, relative to the scenario file; that file's own folder unless written.",
      ['../app'],
    ).optional(),
    env: z
      .record(z.string(), word)
      .default({})
      .refine((env) => Object.keys(env).every((name) => name !== '' && !/[=\u0000]/.test(name)), {
        error: 'has a name that no environment variable can have',
      })
      .refine((env) => !Object.keys(env).some((name) => RESERVED_VARIABLE.test(name)), {
        error: 'sets KUBECONFIG or a TWINSTACK_ variable, which every test is given',
      })
      .meta({ description: 'Variables beside those of your environment.', examples: [{ DEBUG: '1' }] }),
    timeout: durationOf('5m', 'The deadline of this test alone: past it, its check has failed.'),
  })
  .meta({
    description: 'A program that must exit with 0, run with KUBECONFIG and TWINSTACK_NODES set.',
    examples: [{ name: 'smoke', run: ['node', 'smoke.mjs'], timeout: '90s' }],
  });

const expect = z
  .union(
    [
      z.literal('passed').meta({ description: 'Every check passes.' }),
      z
        .strictObject({
          check: text('The id of the check that must fail.', [
            'service/nginx-dualstack/ipv6/from-node',
          ]).optional(),
          rule: text('The id of the rule that must refuse this file.', ['service-cidr-size']).optional(),
        })
        .refine((value) => (value.check === undefined) !== (value.rule === undefined), {
          error: 'takes exactly one of check and rule',
        })
        .meta({ description: 'The one thing that must go wrong.', minProperties: 1, maxProperties: 1 }),
    ],
    { error: 'expected passed, { check: ID } or { rule: ID }' },
  )
  .default('passed')
  .meta({
    description:
      'What must happen for exit status 0; a check or a rule that is named here, and nothing else, must fail.',
    examples: ['passed', { rule: 'service-cidr-size' }],
  });

/** The shape of a scenario file. `--set` changes the file's content before it is held against this. */
export const scenarioSchema = z
  .strictObject({
    name: z
      .string()
      .optional()
      .meta({
        description:
          "What the scenario is called, as a DNS label; the file's name without its ending unless written.",
        pattern: NAME_PATTERN.source,
        maxLength: NAME_MAX_LENGTH,
        examples: ['quickstart'],
      }),
    description: z
      .string()
      .default('')
      .meta({ description: 'One sentence for people.', examples: ['One node, dual-stack'] }),
    provider: z.enum(['lxd', 'incus', 'kind', 'auto']).default('lxd').meta({
      description:
        'Where the nodes are made: system containers of lxd or incus, or containers of Docker or Podman with kind; auto takes the first of lxd, incus, kind that it is for and that is ready here.',
    }),
    nodes,
    network: networkSchema,
    egress: z
      .enum(['open', 'blocked'])
      .default('open')
      .meta({ description: 'Whether nodes may reach what lies outside the lab.' }),
    image: text(
      'A node image of your own instead of the one for the version: a file that `image export` wrote, relative to the scenario file, ' +
        'or the beginning of the key of an image in the cache, 4 to 64 letters of 0-9 and a-f. For k8s-snap also an image of the ' +
        'engine as REMOTE:ALIAS, such as ubuntu:24.04, which is the default where a snap is installed, or local:ALIAS.',
      ['images/node-image.tar', 'd3b57c40', 'ubuntu:24.04'],
    ).optional(),
    binaries,
    distribution,
    cni,
    kubeProxy,
    featureGates: z
      .record(z.string(), z.boolean())
      .default({})
      .meta({
        description: 'Kubernetes feature gates, for all components.',
        examples: [{ AllAlpha: true }],
      }),
    extraArgs,
    bootstrap: z.enum(['interactive', 'file']).default('file').meta({
      description:
        'How the distribution is told what to do: by a file, or by answering its questions, as a person would (k8s-snap).',
    }),
    dialogue,
    features,
    install,
    binary: text(
      "Path of the distribution's program on this host, relative to the scenario file, to be copied into the nodes.",
      ['./k8s'],
    ).optional(),
    workloads: z
      .array(workload)
      .min(1)
      .refine((workloads) => !hasDuplicates(workloads), { error: 'names a workload twice' })
      .default(['nginxdualstack'])
      .meta({ description: 'What is deployed and asked for its answer, in each family.', uniqueItems: true }),
    images: z
      .array(z.string().min(1))
      .refine((archives) => !hasDuplicates(archives), { error: 'names an archive twice' })
      .default([])
      .meta({
        description:
          'Archives of container images on this host, relative to the scenario file, that are loaded into every node before anything ' +
          'is deployed: what `docker save` writes, or an OCI layout in a tar archive.',
        examples: [['web.tar']],
        uniqueItems: true,
      }),
    tests: z
      .array(userTest)
      .default([])
      .meta({
        description:
          'Programs of your own, run one after the other when all other checks are done. One more can be named after -- on the command line.',
        examples: [[{ run: ['npm', 'test'] }]],
      }),
    expect,
    retries: z
      .int()
      .min(0)
      .max(5)
      .default(0)
      .meta({
        description:
          'How often the cluster is made anew, with new nodes, when it could not be made (exit status 4). Checks are not repeated by it.',
        examples: [1],
      }),
    timeout: durationOf('10m', "The whole run's deadline, clean-up excluded."),
  })
  .meta({
    title: 'twinstack scenario',
    description: 'A cluster to provision and the proof that is asked of it.',
  });

/** A scenario file as it was written, with the defaults that depend on nothing else filled in. */
export type WrittenScenario = z.output<typeof scenarioSchema>;

/** What may be in a scenario file: everything is optional. For programs that write one. */
export type ScenarioInput = z.input<typeof scenarioSchema>;
