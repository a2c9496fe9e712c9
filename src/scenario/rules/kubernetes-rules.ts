import { CAPABILITIES } from '../provider-capabilities.ts';
import type { Finding, Rule } from './rule.ts';
import { suggest } from '../suggest.ts';
import { printable } from '../problem.ts';

/** Arguments that the plan sets for every component, with what to write instead. */
const PLANNED_ARGS: Readonly<Record<string, string>> = {
  'cluster-cidr': 'write network.pods',
  'service-cluster-ip-range': 'write network.services',
  'node-cidr-mask-size': 'write network.nodeMasks',
  'node-cidr-mask-size-ipv4': 'write network.nodeMasks.ipv4',
  'node-cidr-mask-size-ipv6': 'write network.nodeMasks.ipv6',
  'node-ip': 'write network.bridge, which nodes have their addresses from',
  'advertise-address': 'write network.primaryFamily, whose address is advertised',
  'allocate-node-cidrs': 'remove it: node ranges are always allocated',
  'proxy-mode': 'write kubeProxy.mode',
  'feature-gates': 'write featureGates',
};

/** The shape of a long option's name. */
const ARGUMENT_NAME = /^[a-z][a-z0-9-]*$/;

function argumentComplaint(name: string): string | null {
  const bare = name.replace(/^-+/, '').replace(/=.*$/, '');
  const planned = Object.hasOwn(PLANNED_ARGS, bare) ? PLANNED_ARGS[bare] : undefined;
  if (planned !== undefined) return `the plan sets ${bare} itself: ${planned}`;
  if (ARGUMENT_NAME.test(name)) return null;
  if (ARGUMENT_NAME.test(bare))
    return `${printable(name)} is written as on a command line: write ${bare} as the key`;
  return `${printable(name)} is no argument's name: write it in lower case without dashes before it, such as max-pods`;
}

/** What the plan sets can't be set a second time: the last one would win, and the plan's checks would be about the other. */
export const extraArgs: Rule = {
  id: 'extra-args',
  summary: `Extra arguments are none that the plan sets itself (${Object.keys(PLANNED_ARGS).join(', ')}), and named without dashes.`,
  // Each name is right or wrong by itself.
  reads: [],
  check({ written }) {
    return Object.entries(written.extraArgs).flatMap(([component, args]) =>
      Object.keys(args ?? {}).flatMap((name): Finding[] => {
        const message = argumentComplaint(name);
        return message === null ? [] : [{ path: ['extraArgs', component, name], message, atKey: true }];
      }),
    );
  },
};

/** All gates of Kubernetes are in camel case with a capital first, `AllAlpha` and `AllBeta` included. */
const GATE_NAME = /^[A-Z][A-Za-z0-9]*$/;

/** A gate that nobody knows ends every component. */
export const featureGates: Rule = {
  id: 'feature-gates',
  summary: 'Feature gates are named in camel case with a capital first, such as AllAlpha.',
  reads: [],
  check({ written }) {
    return Object.keys(written.featureGates)
      .filter((name) => !GATE_NAME.test(name))
      .map((name) => ({
        path: ['featureGates', name],
        message: `${printable(name)} is no feature gate's name: write it in camel case with a capital first, as Kubernetes does`,
        atKey: true,
      }));
  },
};

/** kind's nodes are made for kubeadm. */
export const providerDistribution: Rule = {
  id: 'provider-distribution',
  summary: 'Provider kind takes the distribution kubeadm only.',
  reads: [['provider'], ['distribution']],
  check({ written, isWritten }) {
    const { name } = written.distribution;
    if (written.provider === 'auto') return [];
    const { distributions } = CAPABILITIES[written.provider];
    if (distributions.includes(name)) return [];
    const path = isWritten(['distribution', 'name']) ? ['distribution', 'name'] : ['provider'];
    return [
      {
        path,
        message: `is ${name}, but ${written.provider} runs ${distributions.join(', ')} only: write ${distributions.join(' or ')} here, or provider: lxd`,
      },
    ];
  },
};

/** Words of a check's id that say its family, and stand nowhere else in it. */
const FAMILY_WORDS = ['ipv4', 'ipv6', 'both'];

function checkIdComplaint(id: string, families: readonly string[]): string | null {
  const parts = id.split('/');
  const [, , family = ''] = parts;
  const shape = 'subject/name/family/path, such as service/nginx-dualstack/ipv6/from-node';
  const isShaped =
    parts.length >= 4 &&
    parts.length <= 5 &&
    parts.every((part) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(part));
  if (!isShaped || !FAMILY_WORDS.includes(family)) return `${printable(id)} is no check's id: write ${shape}`;
  const others = parts.filter((_, index) => index !== 2).flatMap((part) => part.toLowerCase().split(/[._-]/));
  if (others.some((word) => FAMILY_WORDS.includes(word))) {
    return `${printable(id)} names a family in more than one place, which no check's id does: write ${shape}`;
  }
  const isAsked = family === 'both' ? families.length === 2 : families.includes(family);
  return isAsked
    ? null
    : `${printable(id)} is about ${family}, which this scenario leaves out: no such check will be made`;
}

/** An expectation that nothing can fulfil would make the scenario fail for ever. */
export const expectation: Rule = {
  id: 'expect',
  summary:
    "expect names a rule that there is, or a check's id (subject/name/family/path) of a family that is asked for.",
  reads: [['expect'], ['network', 'families']],
  check({ written, network, ruleIds }) {
    if (written.expect === 'passed') return [];
    const { rule, check } = written.expect;
    if (rule !== undefined && !ruleIds.includes(rule)) {
      const near = suggest(rule, ruleIds);
      const advice = near === null ? `the rules are ${ruleIds.join(', ')}` : `did you mean ${near}?`;
      return [{ path: ['expect', 'rule'], message: `no rule is called ${printable(rule)}; ${advice}` }];
    }
    const families = network.families.map((family) => family.toLowerCase());
    const complaint = check === undefined ? null : checkIdComplaint(check, families);
    return complaint === null ? [] : [{ path: ['expect', 'check'], message: complaint }];
  },
};

/** In the order in which the reference names them. */
export const KUBERNETES_RULES: readonly Rule[] = [extraArgs, featureGates, providerDistribution, expectation];
