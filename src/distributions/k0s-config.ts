import { stringify } from 'yaml';
import { primaryAddress } from './kubeadm-config.ts';
import { calicoChoicesOf, calicoPools } from '../cni/calico-environment.ts';
import { DEFAULT_BLOCK_SIZES } from '../scenario/network-plugin.ts';
import { familyKey } from '../scenario/network-schema.ts';
import { cgroupSettings } from '../host/cgroup-settings.ts';
import type { PlanContext } from './distribution.ts';
import type { PlanNode } from '../plan/plan.ts';
import type { ComponentName, IPFamily, Scenario } from '../scenario/scenario.ts';

/** What k0s gives a node of each range where it is told nothing (k0s' documentation of dual-stack; 1.34.1 and newer). */
const OWN_NODE_MASKS = { IPv4: 24, IPv6: 117 } as const;

/** k0s' words for the networks; its documentation's `kube-router` is refused by its own validation. */
const PROVIDERS: Readonly<Partial<Record<Scenario['cni']['name'], string>>> = {
  'kube-router': 'kuberouter',
  calico: 'calico',
};

/** Whether k0s brings the network itself, rather than leaving it to us or to the user. */
export function isK0sNetwork({ cni }: Pick<Scenario, 'cni'>): boolean {
  return PROVIDERS[cni.name] !== undefined && cni.manifest === null;
}

function rangeOf(
  { families, ...network }: Scenario['network'],
  section: 'pods' | 'services',
  family: IPFamily,
): string | undefined {
  return network[section][families.indexOf(family)];
}

/** Variables that k0s has no field for; what is Calico's own default is left out, since k0s sets some of them itself. */
function calicoVariables(scenario: Pick<Scenario, 'cni' | 'network'>): Record<string, string> {
  const pools = calicoPools(scenario).flatMap(({ family, blockSize, natOutgoing }) => {
    const prefix = `CALICO_${family.toUpperCase()}POOL`;
    return [
      ...(blockSize === DEFAULT_BLOCK_SIZES[familyKey(family)]
        ? []
        : [[`${prefix}_BLOCK_SIZE`, String(blockSize)]]),
      ...(natOutgoing ? [] : [[`${prefix}_NAT_OUTGOING`, 'false']]),
    ];
  });
  return Object.fromEntries(pools) as Record<string, string>;
}

function calicoSection(scenario: Pick<Scenario, 'cni' | 'network'>): Record<string, unknown> {
  const { autodetection, overlay } = calicoChoicesOf(scenario);
  const envVars = calicoVariables(scenario);
  return {
    mode: scenario.cni.mode,
    ...(overlay === null ? {} : { overlay }),
    ipAutodetectionMethod: autodetection.IPv4,
    ipV6AutodetectionMethod: autodetection.IPv6,
    ...(Object.keys(envVars).length === 0 ? {} : { envVars }),
  };
}

/**
 * The section that k0s is told its ranges in. IPv4 always stands in podCIDR and serviceCIDR, also where IPv6 is the primary family: k0s
 * refuses the other way round, and takes the order from primaryAddressFamily.
 */
function networkSection({ network, kubeProxy, cni }: Scenario): Record<string, unknown> {
  const { families, primaryFamily } = network;
  const isDual = families.length === 2;
  const first: IPFamily = isDual ? 'IPv4' : primaryFamily;
  return {
    provider: isK0sNetwork({ cni }) ? PROVIDERS[cni.name] : 'custom',
    ...(isK0sNetwork({ cni }) && cni.name === 'calico' ? { calico: calicoSection({ network, cni }) } : {}),
    podCIDR: rangeOf(network, 'pods', first),
    serviceCIDR: rangeOf(network, 'services', first),
    primaryAddressFamily: primaryFamily,
    ...(isDual
      ? {
          dualStack: {
            enabled: true,
            IPv6podCIDR: rangeOf(network, 'pods', 'IPv6'),
            IPv6serviceCIDR: rangeOf(network, 'services', 'IPv6'),
          },
        }
      : {}),
    kubeProxy: { mode: kubeProxy.mode },
  };
}

/**
 * The controller manager's node masks. With one family the flag has no family in its name, and is left out where it says what k0s does
 * by itself: the controller manager refuses both kinds of flags together.
 */
function nodeMaskArgs({ families, nodeMasks }: Scenario['network']): Record<string, string> {
  if (families.length === 2) {
    return Object.fromEntries(
      families.map((family) => [`node-cidr-mask-size-${family.toLowerCase()}`, String(nodeMasks[family])]),
    );
  }
  const [family = 'IPv4'] = families;
  return nodeMasks[family] === OWN_NODE_MASKS[family]
    ? {}
    : { 'node-cidr-mask-size': String(nodeMasks[family]) };
}

function extraArgs(
  { scenario }: PlanContext,
  component: ComponentName,
  ours: Readonly<Record<string, string>> = {},
): { extraArgs?: Record<string, string> } {
  const all = { ...ours, ...scenario.extraArgs[component] };
  return Object.keys(all).length === 0 ? {} : { extraArgs: all };
}

/** `name:tag` in the two fields that k0s has for it. */
function imageOf(reference: string): { image: string; version: string } {
  const [, image = reference, version = ''] = /^(.*):([^:/]+)$/.exec(reference) ?? [];
  return { image, version };
}

/** A node image of ours brings the containers that every cluster needs; what a network of k0s' needs beside them is not in it. */
function imagesSection({ image, scenario }: PlanContext): Record<string, unknown> {
  const { components } = image;
  if (components === null) return {};
  return {
    images: {
      default_pull_policy: scenario.egress === 'blocked' ? 'Never' : 'IfNotPresent',
      kubeproxy: imageOf(components.kubeProxy),
      coredns: imageOf(components.coredns),
      pause: imageOf(components.pause),
    },
  };
}

/** k0s.yaml of a controller: k0s refuses every key that it does not know. */
export function k0sConfig(context: PlanContext, controller: PlanNode): string {
  const { scenario, host } = context;
  const { kubelet } = cgroupSettings(host.cgroupVersion);
  const gates = Object.entries(scenario.featureGates);
  const config = {
    apiVersion: 'k0s.k0sproject.io/v1beta1',
    kind: 'ClusterConfig',
    metadata: { name: 'k0s' },
    spec: {
      api: {
        // Decides the primary family too, where primaryAddressFamily does not: both must say the same.
        address: primaryAddress(controller),
        sans: controller.addresses.map(({ address }) => address),
        ...extraArgs(context, 'apiServer'),
      },
      controllerManager: extraArgs(context, 'controllerManager', {
        ...nodeMaskArgs(scenario.network),
        // Its client makes some 40 service accounts before the controllers start; the default rate makes that 4 s.
        'kube-api-qps': '1000',
        'kube-api-burst': '1000',
      }),
      ...(scenario.extraArgs.scheduler === undefined ? {} : { scheduler: extraArgs(context, 'scheduler') }),
      storage: {
        type: 'etcd',
        etcd: {
          peerAddress: primaryAddress(controller),
          // The cluster is thrown away: no need to wait for the disk.
          ...extraArgs(context, 'etcd', { 'unsafe-no-fsync': 'true' }),
        },
      },
      network: networkSection(scenario),
      ...imagesSection(context),
      ...(gates.length === 0 ? {} : { featureGates: gates.map(([name, enabled]) => ({ name, enabled })) }),
      // Its name makes it the one of every worker that asks for none.
      ...(Object.keys(kubelet).length === 0
        ? {}
        : { workerProfiles: [{ name: 'default', values: { ...kubelet } }] }),
      telemetry: { enabled: false },
    },
  };
  return stringify(config, { lineWidth: 0 });
}
