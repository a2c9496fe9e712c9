import type { DocumentPath } from '../document-path.ts';
import { printable } from '../problem.ts';
import { suggest } from '../suggest.ts';
import type { DistributionName } from '../scenario.ts';
import { FEATURES, isK8sSnap, type Finding, type Rule, type RuleContext } from './rule.ts';

/** Keys that a distribution has no use for. */
const USELESS: Readonly<Record<DistributionName, readonly (readonly [path: DocumentPath, why: string])[]>> = {
  kubeadm: [
    [['dialogue'], 'kubeadm asks nothing'],
    [['features'], 'kubeadm has none'],
    [['install'], 'kubeadm comes with the node image'],
    [['binary'], 'kubeadm comes with the node image; binaries puts a program of your own into it'],
    [['nodes', 'controllerRole'], 'its control planes take pods'],
  ],
  k0s: [
    [['dialogue'], 'k0s asks nothing'],
    [['features'], 'k0s has none'],
  ],
  'k8s-snap': [
    [['network', 'nodeMasks'], 'its own network deals the pod range out'],
    [['cni'], 'it brings its own network'],
    [['kubeProxy'], 'its own network does what kube-proxy does elsewhere'],
    [['featureGates'], 'it starts the components with gates of its own'],
    [['extraArgs'], 'it starts the components with arguments of its own'],
    [['binaries'], 'its programs come with it'],
    [['nodes', 'controllerRole'], 'its control planes take pods'],
  ],
};

/** What a distribution has no use for would be ignored. */
export const distributionOption: Rule = {
  id: 'distribution-option',
  summary: 'The file sets nothing that its distribution has no use for.',
  reads: [['distribution', 'name'], ['bootstrap']],
  check({ written, isWritten }) {
    const { name } = written.distribution;
    const found = USELESS[name]
      .filter(([path]) => isWritten(path))
      .map(([path, why]): Finding => ({
        path,
        atKey: true,
        message: `${name} has no use for ${path.join('.')} (${why}): remove it`,
      }));
    if (name === 'k8s-snap' && written.bootstrap === 'file' && isWritten(['dialogue'])) {
      const message = 'nothing asks with bootstrap: file: write bootstrap: interactive, or remove it';
      return [...found, { path: ['dialogue'], atKey: true, message }];
    }
    if (name === 'k8s-snap' || written.bootstrap !== 'interactive') return found;
    const message = `interactive is for distributions that ask questions, and ${name} asks none: use file`;
    return [...found, { path: ['bootstrap'], message }];
  },
};

/** What `k8s bootstrap --interactive` offers, in its order. */
const OFFERED = ['network', 'dns', 'gateway', 'ingress', 'local-storage', 'load-balancer'];
/** What a file can switch beside that. */
const OF_FILES = ['metrics-server'];

/** What the program would make of a name that it does not document: it takes answers in capitals and with spaces, and files not. */
function unknownFeature(feature: string, { bootstrap }: RuleContext['written']): string {
  if (bootstrap === 'file') return 'k8s bootstrap would refuse the file: "field … not found in type …"';
  const parts = feature.toLowerCase().replaceAll(' ', '').split(',');
  return parts.every((part) => OFFERED.includes(part))
    ? `k8s bootstrap would take it for ${parts.join(' and ')}; names are written here as it documents them`
    : 'k8s bootstrap would ask again: "… is not a valid option."';
}

/** k8s bootstrap asks again: `"foo" is not a valid option.` */
export const featureName: Rule = {
  id: 'feature-name',
  summary: `Features of k8s-snap are among ${OFFERED.join(', ')}, and with bootstrap: file ${OF_FILES.join(', ')}.`,
  reads: [FEATURES, ['distribution', 'name'], ['bootstrap']],
  check(context) {
    if (!isK8sSnap(context)) return [];
    const { features = [], bootstrap } = context.written;
    const known = bootstrap === 'file' ? [...OFFERED, ...OF_FILES] : OFFERED;
    return features.flatMap((feature, index): Finding[] => {
      if (known.includes(feature)) return [];
      const near = suggest(feature, known);
      const instead = near === null ? `it has ${known.join(', ')}` : `did you mean ${near}?`;
      const message = `${printable(JSON.stringify(feature))} is no feature here: ${instead} (${unknownFeature(feature, context.written)})`;
      return [{ path: [...FEATURES, index], message }];
    });
  },
};

/** With an empty answer the program takes its default: nobody can choose none. */
export const featureChoice: Rule = {
  id: 'feature-choice',
  summary: 'With bootstrap: interactive at least one feature is chosen, or none is written.',
  reads: [FEATURES, ['distribution', 'name'], ['bootstrap']],
  check(context) {
    const { features, bootstrap } = context.written;
    if (!isK8sSnap(context) || bootstrap === 'file' || features?.length !== 0) return [];
    const message =
      'an empty list can not be answered: k8s bootstrap takes an empty line for its default. Name one, or remove features';
    return [{ path: FEATURES, message }];
  },
};

/** k8s bootstrap: `invalid cluster configuration: gateway requires network to be enabled`. */
export const featureNetwork: Rule = {
  id: 'feature-network',
  summary: 'The features gateway and ingress of k8s-snap come with network.',
  reads: [FEATURES, ['distribution', 'name']],
  check(context) {
    const { features = [] } = context.written;
    if (!isK8sSnap(context) || features.includes('network')) return [];
    return features.flatMap((feature, index): Finding[] =>
      feature === 'gateway' || feature === 'ingress'
        ? [
            {
              path: [...FEATURES, index],
              message: `${feature} needs network: add it (k8s bootstrap would refuse it: "${feature} requires network to be enabled")`,
            },
          ]
        : [],
    );
  },
};

/** canonical/k8s-snap issue 986: one report, not confirmed. */
export const snapFamilyOrder: Rule = {
  id: 'snap-family-order',
  summary: 'k8s-snap is given IPv4 first in a dual-stack cluster; a warning.',
  reads: [
    ['network', 'pods'],
    ['network', 'services'],
    ['distribution', 'name'],
  ],
  check(context) {
    const [first, second] = context.network.services;
    if (!isK8sSnap(context) || first?.family !== 'IPv6' || second?.family !== 'IPv4') return [];
    const message =
      'IPv6 first was reported to make the bootstrap of k8s-snap fail (canonical/k8s-snap#986, not confirmed); IPv4 first works';
    return [{ path: first.path, message, severity: 'warning' }];
  },
};

export const DISTRIBUTION_RULES: readonly Rule[] = [
  distributionOption,
  featureName,
  featureChoice,
  featureNetwork,
  snapFamilyOrder,
];
