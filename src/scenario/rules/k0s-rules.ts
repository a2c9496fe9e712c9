import { controllerRoleOf } from '../controller-role.ts';
import { installationOf } from '../installation.ts';
import { printable } from '../problem.ts';
import type { DocumentPath } from '../document-path.ts';
import { FAMILIES, isK0s, NODES, SERVICES, type Finding, type Rule } from './rule.ts';

const NAME: DocumentPath = ['distribution', 'name'];
const VERSION: DocumentPath = ['distribution', 'version'];

/** A release of k0s, such as 1.36.3+k0s.2: that of Kubernetes, and which of k0s' own with it. */
const RELEASE = /^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?\+k0s\.\d+$/;
/** The first that knows primaryAddressFamily, which we write. */
const OLDEST = [1, 34, 1] as const;

function isOlder(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  const difference =
    [major - OLDEST[0], minor - OLDEST[1], patch - OLDEST[2]].find((each) => each !== 0) ?? 0;
  return difference < 0;
}

/** A release is fetched by its whole name; an older k0s would refuse `primaryAddressFamily` as a field that it does not know. */
export const k0sVersion: Rule = {
  id: 'k0s-version',
  summary: `The version of k0s is ${OLDEST.join('.')} or newer, and where it is fetched the whole name of a release, such as 1.36.3+k0s.2.`,
  reads: [NAME, VERSION, ['install'], ['binary']],
  check(context) {
    if (!isK0s(context)) return [];
    const { distribution } = context.written;
    const path = context.isWritten(VERSION) ? VERSION : NAME;
    const version = printable(distribution.version);
    if (isOlder(distribution.version)) {
      const message = `k0s ${version} is too old: write ${OLDEST.join('.')}+k0s.0 or newer (k0s config validate would refuse primaryAddressFamily, a field that it does not know)`;
      return [{ path, message }];
    }
    if (installationOf(context.written).from !== 'release' || RELEASE.test(distribution.version)) return [];
    const message =
      path === NAME
        ? `k0s is fetched from its release, and none is named: write distribution.version, such as ${version}+k0s.2`
        : `k0s has no release ${version}: write it with its own number, such as ${version.replace(/\+.*$/, '')}+k0s.2`;
    return [{ path, message }];
  },
};

/** k0s: `IPv6 service CIDR prefix must be <= 108`; with two families the same words mean the opposite, see `service-cidr-size`. */
export const k0sServiceRange: Rule = {
  id: 'k0s-service-range',
  summary: 'With IPv6 alone the service range of k0s is a /108.',
  reads: [NAME, FAMILIES, SERVICES],
  check(context) {
    const { families, services } = context.network;
    if (!isK0s(context) || families.length !== 1) return [];
    return services.flatMap(({ parsed, path, text }): Finding[] => {
      if (!parsed.ok || parsed.value.family !== 'IPv6' || parsed.value.prefixLength <= 108) return [];
      const message =
        `${text} is longer than /108: with IPv6 alone k0s takes a /108 and nothing else that kube-apiserver takes too ` +
        '(k0s config validate would refuse it: "IPv6 service CIDR prefix must be <= 108")';
      return [{ path, message }];
    });
  },
};

/** k0s: `refusing to create token: cannot join into a single node cluster`; and a controller that is nothing else runs no pods. */
export const controllerRole: Rule = {
  id: 'controller-role',
  summary:
    'A controller of k0s that is single has no workers, and one that is a controller alone has at least one.',
  reads: [NAME, NODES],
  check(context) {
    const role = controllerRoleOf(context.written);
    const { workers } = context.written.nodes;
    if (role === 'single' && workers > 0) {
      const message =
        'single takes no workers: write controller or controller+worker, or workers: 0 (k0s token create would refuse it: "cannot join into a single node cluster")';
      return [{ path: [...NODES, 'controllerRole'], message }];
    }
    if (role !== 'controller' || workers > 0) return [];
    const message =
      'a controller alone is no node, and there would be none: write single or controller+worker, or at least one worker';
    return [{ path: [...NODES, 'controllerRole'], message }];
  },
};

/** In the order in which the reference names them. */
export const K0S_RULES: readonly Rule[] = [k0sVersion, k0sServiceRange, controllerRole];
