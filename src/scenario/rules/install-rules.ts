import { unknownAnswerValues, ANSWER_VALUES } from '../answer-values.ts';
import { parseForeignImage } from '../foreign-image-name.ts';
import { installationOf, installsSnap } from '../installation.ts';
import { printable } from '../problem.ts';
import { suggest } from '../suggest.ts';
import type { DocumentPath } from '../document-path.ts';
import { isK0s, isK8sSnap, type Finding, type Rule, type RuleContext } from './rule.ts';

const INSTALL: DocumentPath = ['install'];
const PROMPTS: DocumentPath = ['dialogue', 'prompts'];
const NAME: DocumentPath = ['distribution', 'name'];

/** Whether snaps are installed in the nodes, from the store or from this host. */
export function isFromSnap(written: RuleContext['written']): boolean {
  return installsSnap({ distribution: written.distribution, install: installationOf(written) });
}

/** The channel of the snap store that the distribution comes from; null where it comes from elsewhere. */
function channelOf({ written }: RuleContext): string | null {
  const install = installationOf(written);
  return install.from === 'snap-store' ? install.channel : null;
}

function k0sSource(written: RuleContext['written']): Finding[] {
  const { binary, image } = written;
  const { from } = installationOf(written);
  if (from === 'snap-store' || from === 'snap-file') {
    const message = 'k0s is no snap: write release, release+airgap or preinstalled';
    return [{ path: INSTALL, message }];
  }
  if (from === 'release' && binary !== undefined) {
    const message = 'is a second source beside install, which is the release: remove one of the two';
    return [{ path: ['binary'], message }];
  }
  if (from === 'release' || binary !== undefined || image !== undefined) return [];
  const message =
    'k0s is in none of our node images: write install: release, binary: FILE (a program of your own), or image: for one that has it';
  return [{ path: INSTALL, message }];
}

/** Our node images have no k8s and no k0s, and what is installed twice is not known to be either. */
export const installSource: Rule = {
  id: 'install-source',
  summary:
    'k8s-snap and k0s come from one place: install names a channel or snaps (k8s-snap) or the release (k0s), binary a program of your ' +
    'own, image one that has it.',
  reads: [NAME, INSTALL, ['binary'], ['image']],
  check(context) {
    const { install, binary, image } = context.written;
    if (isK0s(context)) return k0sSource(context.written);
    if (!isK8sSnap(context)) return [];
    if (installationOf(context.written).from === 'release') {
      const message = 'release is for k0s: write a channel of the snap store, such as 1.36-classic/stable';
      return [{ path: INSTALL, message }];
    }
    const installed = isFromSnap(context.written);
    if (installed && binary !== undefined) {
      const message =
        'is a second source beside install: remove one, or write install: preinstalled to use the program';
      return [{ path: ['binary'], message }];
    }
    if (installed || binary !== undefined || image !== undefined) return [];
    const path: DocumentPath = install === undefined ? NAME : INSTALL;
    const message =
      'k8s is in none of our node images: write install: 1.36-classic/stable (the snap store), install: { snaps: [FILE, …] } ' +
      '(snaps of this host), binary: FILE (a program of your own), or image: for one that has it';
    return [{ path, message }];
  },
};

/** A node that reaches nothing outside can't fetch a snap, nor pull a container. */
export const installEgress: Rule = {
  id: 'install-egress',
  summary:
    'k8s-snap from the snap store needs egress: open; with snaps of this host, or an image of the engine, egress: blocked is a warning.',
  reads: [NAME, INSTALL, ['egress'], ['image']],
  check(context) {
    const channel = channelOf(context);
    const { egress, image } = context.written;
    if (!isK8sSnap(context) || egress === 'open') return [];
    if (channel === null) {
      const isForeign = image !== undefined && parseForeignImage(image) !== null;
      if (!isFromSnap(context.written) && !isForeign) return [];
      const message =
        'is blocked, so no container is pulled: those of the network, of the DNS and of the workloads have to be in the image or its snaps';
      return [{ path: ['egress'], message, severity: 'warning' }];
    }
    const message =
      `${printable(channel)} is fetched from the snap store by the nodes, which egress: blocked keeps from it: write egress: open, ` +
      'or name snaps of this host: install: { snaps: [FILE, …] }';
    return [{ path: INSTALL, message }];
  },
};

const RISKS = ['stable', 'candidate', 'beta', 'edge'];

/** snap: `error: snap "k8s" not available on channel …`; and a cluster of another release than the scenario says is another test. */
export const installChannel: Rule = {
  id: 'install-channel',
  summary:
    'A channel is TRACK/RISK as the snap store has them, such as 1.36-classic/stable, of the same minor release as distribution.version.',
  reads: [NAME, INSTALL, ['distribution', 'version']],
  check(context) {
    const channel = channelOf(context);
    if (!isK8sSnap(context) || channel === null) return [];
    const [track = '', risk = '', ...more] = channel.split('/');
    if (track === '' || !RISKS.includes(risk) || more.length > 1 || /\s/.test(channel)) {
      const near = suggest(channel, ['preinstalled']);
      const instead = near === null ? '' : `; did you mean ${near}?`;
      const message = `${printable(channel)} is no channel: write TRACK/RISK with a risk of ${RISKS.join(', ')}, such as 1.36-classic/stable${instead}`;
      return [{ path: INSTALL, message }];
    }
    const minor = /^\d+\.\d+(?=-|$)/.exec(track)?.[0];
    const { version } = context.written.distribution;
    if (minor === undefined || version.startsWith(`${minor}.`)) return [];
    const message = `${printable(channel)} has Kubernetes ${minor}, and distribution.version is ${version}: write the version of the channel, such as ${minor}.0`;
    return [{ path: INSTALL, message }];
  },
};

/** What an answer asks for and nobody has would be sent as it stands. */
export const answerValue: Rule = {
  id: 'answer-value',
  summary: `Answers of a dialogue ask for nothing but ${ANSWER_VALUES.map((name) => `{{ ${name} }}`).join(', ')}.`,
  reads: [PROMPTS],
  check({ written }) {
    return (written.dialogue.prompts ?? []).flatMap(({ answer }, index) =>
      unknownAnswerValues(answer).map((name): Finding => {
        const near = suggest(name, ANSWER_VALUES);
        const instead =
          near === null ? `there are ${ANSWER_VALUES.join(', ')}` : `did you mean {{ ${near} }}?`;
        return {
          path: [...PROMPTS, index, 'answer'],
          message: `{{ ${printable(name)} }} stands for nothing: ${instead}`,
        };
      }),
    );
  },
};

/** In the order in which the reference names them. */
export const INSTALL_RULES: readonly Rule[] = [installSource, installEgress, installChannel, answerValue];
