import type { DocumentPath } from '../document-path.ts';
import { printable } from '../problem.ts';
import { kubernetesVersionOf } from '../kubernetes-version.ts';
import { cniNameOf } from '../network-plugin.ts';
import { isFromSnap } from './install-rules.ts';
import type { WrittenScenario } from '../schema.ts';
import type { Finding, Rule, RuleContext } from './rule.ts';

function later(path: DocumentPath, what: string, why: string, instead: string): Finding {
  return { path, message: `${what} is not supported yet (${why}); ${instead}` };
}

function machineFindings({ nodes, distribution }: WrittenScenario): Finding[] {
  return [
    ...(nodes.controlPlanes > 1 && distribution.name !== 'k8s-snap'
      ? [
          later(
            ['nodes', 'controlPlanes'],
            'more than one control plane',
            'this version joins workers only',
            'use controlPlanes: 1 and as many workers as you need',
          ),
        ]
      : []),
  ];
}

/** The known release of the same minor, else the newest. */
function nearestVersion(wanted: string, knownVersions: readonly string[]): string | undefined {
  const [major = '', minor = ''] = wanted.split('.');
  return knownVersions.find((version) => version.startsWith(`${major}.${minor}.`)) ?? knownVersions[0];
}

function distributionFindings({ written, knownVersions }: RuleContext): Finding[] {
  const { distribution } = written;
  // k0s numbers its own releases of each of Kubernetes'.
  const version =
    distribution.name === 'k0s' ? kubernetesVersionOf(distribution.version) : distribution.version;
  const cni = cniNameOf(written);
  // A snap brings its Kubernetes with it.
  const bringsItsOwn = isFromSnap(written);
  return [
    ...(!bringsItsOwn && !knownVersions.includes(version)
      ? [
          later(
            ['distribution', 'version'],
            `Kubernetes ${printable(version)}`,
            `this version provisions ${knownVersions.join(', ')}`,
            `use ${nearestVersion(version, knownVersions) ?? 'another release'}`,
          ),
        ]
      : []),
    ...(cni === 'kindnet' && written.provider !== 'kind'
      ? [
          later(
            ['cni', 'name'],
            cni,
            'it comes with kind, and is installed nowhere else',
            'use bridge or flannel, or provider: kind',
          ),
        ]
      : []),
  ];
}

function workFindings(written: WrittenScenario): Finding[] {
  const { workloads, images } = written;
  return [
    ...(isFromSnap(written) && images.length > 0
      ? [
          later(
            ['images'],
            'loading archives where a snap is installed',
            "the snap's container runtime is not there before the bootstrap",
            'remove images, and have the nodes pull what they need',
          ),
        ]
      : []),
    ...workloads.flatMap((workload, index) =>
      workload === 'nginxdualstack' || workload.image === undefined
        ? []
        : [
            later(
              ['workloads', index, 'image'],
              "a workload's image from elsewhere",
              'the nodes pull what the manifest names, where they have a way out',
              'remove image',
            ),
          ],
    ),
  ];
}

function argumentFindings({ extraArgs }: WrittenScenario): Finding[] {
  return [
    ...(Object.keys(extraArgs.kubeProxy ?? {}).length === 0
      ? []
      : [
          later(
            ['extraArgs', 'kubeProxy'],
            'extra arguments for kube-proxy',
            'it takes its settings from a file, and ignores most arguments beside that',
            'use kubeProxy.mode and featureGates',
          ),
        ]),
  ];
}

/** What the file format knows and this version does not: said before anything is touched, never ignored. */
export const notYet: Rule = {
  id: 'not-yet',
  summary: 'The file asks for nothing that this version does not do yet.',
  // Without these it can't be told whether a version or a mode is one that is known.
  reads: [
    ['distribution', 'name'],
    ['cni', 'name'],
  ],
  check(context) {
    const { written } = context;
    return [
      ...machineFindings(written),
      ...distributionFindings(context),
      ...workFindings(written),
      ...argumentFindings(written),
    ];
  },
};
