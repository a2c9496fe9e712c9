import { formatPath } from '../document-path.ts';
import type { DocumentPath } from '../document-path.ts';
import { cniModeOf, cniNameOf, DEFAULT_BLOCK_SIZES, MODES_OF } from '../network-plugin.ts';
import { familyKey } from '../network-schema.ts';
import type { CniMode, CniName, IPFamily, PerFamily } from '../scenario.ts';
import { isK8sSnap, NODES, PODS, RANGES, type Finding, type Rule, type RuleContext } from './rule.ts';

const CNI: DocumentPath = ['cni'];
const NAME: DocumentPath = ['cni', 'name'];
const MODE: DocumentPath = ['cni', 'mode'];
const MANIFEST: DocumentPath = ['cni', 'manifest'];
const CHART: DocumentPath = ['cni', 'chart'];
const OVERLAY: DocumentPath = ['cni', 'overlay'];
const BLOCK_SIZES: DocumentPath = ['cni', 'blockSizes'];
const DISTRIBUTION: DocumentPath = ['distribution', 'name'];

/** The plugin that the rules look at; null for k8s-snap, which takes none (rule `distribution-option`). */
function pluginOf(context: RuleContext): CniName | null {
  return isK8sSnap(context) ? null : cniNameOf(context.written);
}

/** Where the choice of the plugin stands, or would. */
function nameOrDistribution({ isWritten }: RuleContext): DocumentPath {
  return isWritten(NAME) ? NAME : DISTRIBUTION;
}

/** `calico has bird or vxlan`. */
export const cniMode: Rule = {
  id: 'cni-mode',
  summary:
    'cni.mode is one that the network plugin has: bird or vxlan of calico, vxlan or host-gw of flannel.',
  reads: [NAME, MODE, DISTRIBUTION],
  check(context) {
    const plugin = pluginOf(context);
    const { mode } = context.written.cni;
    if (plugin === null || mode === undefined) return [];
    const modes: readonly CniMode[] = MODES_OF[plugin] ?? [];
    if (modes.includes(mode)) return [];
    const message =
      modes.length === 0
        ? `${plugin} has no mode to choose: remove it`
        : `${plugin} has no mode ${mode}: write ${modes.join(' or ')}`;
    return [{ path: MODE, message }];
  },
};

/** What installs a plugin that comes neither with twinstack nor with the distribution. */
function sourcesOf(plugin: CniName, context: RuleContext): readonly ('manifest' | 'chart')[] {
  if (plugin === 'cilium') return ['manifest', 'chart'];
  const needsManifest =
    plugin === 'custom' || (plugin === 'calico' && context.written.distribution.name === 'kubeadm');
  return needsManifest ? ['manifest'] : [];
}

const NEEDED: Readonly<Partial<Record<CniName, string>>> = {
  calico: "manifest: FILE (Tigera's calico.yaml, without the operator)",
  cilium:
    'manifest: FILE (what helm template wrote) or chart: FILE.tgz (which helm renders with the values of this scenario)',
  custom: 'manifest: FILE (of your own)',
};

/** Nodes stay NotReady for ever with "cni plugin not initialized". */
export const cniManifest: Rule = {
  id: 'cni-manifest',
  summary:
    'cni.manifest or cni.chart names what installs cilium, cni.manifest what installs custom, and calico with kubeadm; others take neither.',
  reads: [NAME, MANIFEST, CHART, DISTRIBUTION],
  check(context) {
    const plugin = pluginOf(context);
    if (plugin === null) return [];
    const sources = sourcesOf(plugin, context);
    const written = (['manifest', 'chart'] as const).filter((key) => context.written.cni[key] !== undefined);
    const useless = written.filter((key) => !sources.includes(key));
    if (useless.length > 0) {
      const why =
        sources.length > 0
          ? `${plugin} takes a manifest`
          : plugin === 'calico'
            ? 'k0s brings its own calico; to install another, write name: custom'
            : `${plugin} comes without one; to install your own, write name: custom`;
      return useless.map((key) => ({
        path: ['cni', key],
        atKey: true,
        message: `${plugin} has no use for ${key}: remove it (${why})`,
      }));
    }
    if (written.length > 1) {
      const message =
        'is a second source beside manifest: remove one, so that it is known what installs cilium';
      return [{ path: CHART, message }];
    }
    if (sources.length === 0 || written.length > 0) return [];
    const message =
      `${plugin} does not come with twinstack: write ${NEEDED[plugin] ?? 'manifest: FILE'} ` +
      '(kubelet would leave every node NotReady: "cni plugin not initialized")';
    return [{ path: nameOrDistribution(context), message }];
  },
};

/** Keys that only Calico has a use for. */
const OF_CALICO: readonly DocumentPath[] = [
  BLOCK_SIZES,
  ['cni', 'natOutgoing'],
  ['cni', 'autodetection'],
  OVERLAY,
];

/** What a plugin has no use for would be ignored. */
export const cniOption: Rule = {
  id: 'cni-option',
  summary: 'cni sets nothing that its plugin, or the mode of it, has no use for.',
  reads: [CNI, DISTRIBUTION],
  check(context) {
    const plugin = pluginOf(context);
    if (plugin === null) return [];
    if (plugin !== 'calico') {
      return OF_CALICO.filter((path) => context.isWritten(path)).map((path) => {
        const message = `${plugin} has no use for ${formatPath(path)}, which is calico's: remove it`;
        return { path, atKey: true, message };
      });
    }
    if (cniModeOf(context.written) !== 'vxlan' || context.written.cni.overlay === undefined) return [];
    const message =
      'is for mode: bird, and vxlan wraps every packet: remove it, or write mode: bird (k0s would ignore it)';
    return [{ path: OVERLAY, atKey: true, message }];
  },
};

/** kube-router is a part of k0s, and of no manifest that anybody publishes for all its settings. */
export const cniDistribution: Rule = {
  id: 'cni-distribution',
  summary: 'kube-router comes with k0s alone.',
  reads: [NAME, DISTRIBUTION],
  check(context) {
    const { name } = context.written.distribution;
    if (pluginOf(context) !== 'kube-router' || name === 'k0s') return [];
    const message =
      `kube-router comes with k0s, and ${name} has none: use distribution: { name: k0s }, another plugin, or name: custom with a ` +
      'manifest of your own (nothing would install it)';
    return [{ path: NAME, message }];
  },
};

/** From Calico's reference of IPPool: 20 to 32 for IPv4, 116 to 128 for IPv6, both inclusive. */
const BLOCK_LIMITS: PerFamily<readonly [largest: number, smallest: number]> = {
  IPv4: [20, 32],
  IPv6: [116, 128],
};

function blockFinding(context: RuleContext, family: IPFamily): Finding[] {
  const key = familyKey(family);
  const path = [...BLOCK_SIZES, key];
  const written = context.written.cni.blockSizes[key];
  const size = written ?? DEFAULT_BLOCK_SIZES[key];
  const [largest, smallest] = BLOCK_LIMITS[family];
  if (size < largest || size > smallest) {
    const message =
      `${size} is no block size for ${family}: write ${largest} to ${smallest} ` +
      '(calico-node would stop at its start, for these are all that it documents)';
    return [{ path, message }];
  }
  const range = context.network.pods.find((pod) => pod.family === family);
  if (!context.network.families.includes(family) || range?.parsed.ok !== true) return [];
  const { prefixLength } = range.parsed.value;
  if (prefixLength <= size) return [];
  const message =
    `${range.text} has no room for a block of /${size}: write ${formatPath(path)} from ${Math.max(prefixLength, largest)} to ${smallest}, or a ` +
    'shorter pod range (Calico would refuse it: "IP pool size is too small for use with Calico IPAM. It must be equal to or greater ' +
    'than the block size.")';
  return [{ path: written === undefined ? range.path : path, message }];
}

/** Calico's IPAM deals out the pod range in blocks of this size. */
export const calicoBlockSize: Rule = {
  id: 'calico-block-size',
  summary: "Calico's blocks are /20 to /32 (IPv4) and /116 to /128 (IPv6), and fit into the pod range.",
  reads: [NAME, BLOCK_SIZES, DISTRIBUTION, ...RANGES],
  check(context) {
    if (pluginOf(context) !== 'calico') return [];
    return (['IPv4', 'IPv6'] as const).flatMap((family) => blockFinding(context, family));
  },
};

/** Observed of k0s 1.36.3: literally `bird`, and no mode is vxlan. */
export const calicoMode: Rule = {
  id: 'calico-mode',
  summary: 'With k0s and both families, calico is in mode bird.',
  reads: [NAME, MODE, DISTRIBUTION, ...RANGES],
  check(context) {
    const { written, network, isWritten } = context;
    const isK0s = written.distribution.name === 'k0s';
    if (!isK0s || pluginOf(context) !== 'calico' || network.families.length < 2) return [];
    if (cniModeOf(written) === 'bird') return [];
    const message =
      `${isWritten(MODE) ? '' : 'no mode is vxlan, and '}k0s has no dual-stack calico in vxlan mode: write mode: bird, or one family ` +
      '(k0s would refuse it: "calico.mode: Forbidden: dual-stack for calico is only supported for mode `bird`")';
    return [{ path: isWritten(MODE) ? MODE : nameOrDistribution(context), message }];
  },
};

/** What a node image has not got is pulled, and from a lab without a way out nothing is. */
export const cniEgress: Rule = {
  id: 'cni-egress',
  summary:
    "calico (with kubeadm) and cilium need egress: open or images:; with k0s' own plugins, a release without airgap and egress: blocked is a warning.",
  reads: [NAME, DISTRIBUTION, ['egress'], ['images'], ['image'], ['install'], NODES, PODS],
  check(context) {
    const plugin = pluginOf(context);
    const { egress, images, image, install, distribution } = context.written;
    // An image of the user's own may have anything in it.
    if (egress === 'open' || images.length > 0 || image !== undefined) return [];
    const path: DocumentPath = context.isWritten(['egress']) ? ['egress'] : nameOrDistribution(context);
    if (plugin === 'cilium' || (plugin === 'calico' && distribution.name !== 'k0s')) {
      const message =
        `the images of ${plugin} are not in a node image, and without a way out nobody pulls them: write images: [FILE], or egress: open ` +
        '(its pods would stay at "ImagePullBackOff", and every node NotReady)';
      return [{ path, message }];
    }
    const isOfK0s = distribution.name === 'k0s' && (plugin === 'calico' || plugin === 'kube-router');
    if (!isOfK0s || install === 'release+airgap' || install === 'preinstalled') return [];
    if (context.written.binary !== undefined) return [];
    const message = `k0s pulls the images of ${plugin}, and there is no way out: write install: release+airgap, images: [FILE], or egress: open`;
    return [{ path, message, severity: 'warning' }];
  },
};

/** In the order in which the reference names them. */
export const CNI_RULES: readonly Rule[] = [
  cniDistribution,
  cniMode,
  cniManifest,
  cniOption,
  calicoBlockSize,
  calicoMode,
  cniEgress,
];
