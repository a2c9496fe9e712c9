import { ok, problem, type Finding, type Fix, type SetupCommand } from './finding.ts';
import { setupRules } from '../forward-chain.ts';
import { clashingRanges } from '../../network/clashing-ranges.ts';
import { hostEngineOf } from '../host-engines.ts';
import type { HostNeeds, HostState } from './host-state.ts';
import type { IPFamily } from '../../scenario/scenario.ts';

const engineTitle = ({ provider }: HostNeeds): string => hostEngineOf(provider)?.title ?? 'the engine';

/**
 * Whether IPv6 works where a run uses it. `disable_ipv6` of `all` and `default` is no hindrance: engines enable IPv6 on their own
 * bridges. That of the loopback is: the host then does not reach its own addresses, and nobody can tell a lab that is kept in from
 * a listener that nobody reaches.
 */
export function ipv6({ facts, needs }: HostState): Finding {
  if (!needs.families.includes('IPv6')) return ok('ipv6', 'not asked for');
  if (facts.ipv6Disabled === null) {
    return problem('ipv6', 'blocker', {
      cause: 'this kernel has no IPv6: there is no /proc/sys/net/ipv6',
      consequence: 'no bridge and no node gets an IPv6 address',
      advice:
        'Take ipv6.disable=1 out of the kernel command line and restart; until then: network.families: [IPv4].',
    });
  }
  const off = facts.ipv6Disabled.map((name) => `net.ipv6.conf.${name}.disable_ipv6 is 1`).join(', ');
  if (!facts.ipv6Disabled.includes('lo')) {
    return ok(
      'ipv6',
      off === ''
        ? 'IPv6 is enabled'
        : `${off}; ${engineTitle(needs)} enables IPv6 on its own bridges all the same`,
    );
  }
  const set = (value: number): SetupCommand => ({
    command: ['sysctl', '-w', `net.ipv6.conf.lo.disable_ipv6=${value}`],
  });
  return problem('ipv6', needs.egress === 'blocked' ? 'blocker' : 'warning', {
    cause: off,
    consequence:
      'this host does not reach its own IPv6 addresses, so no check can prove that egress is blocked',
    // The loopback is enough: with `all`, every interface of this host would get IPv6.
    fix: { commands: [set(0)], undo: [set(1)] },
  });
}

/** Whether bridged packets pass the host's firewall. */
export function bridgeNetfilter({ facts }: HostState): Finding {
  const on = (['IPv4', 'IPv6'] as const).filter((family) => facts.bridgeNetfilter[family]);
  return ok(
    'bridge-netfilter',
    on.length === 0
      ? "bridged packets do not pass the host's firewall"
      : `bridged packets pass the host's firewall (${on.join(', ')}): bridge-nf-call-iptables is 1`,
  );
}

/** Whether the host's firewall drops what a run's bridge forwards, as beside Docker. */
export function forwardPolicy(state: HostState): Finding {
  const { facts, needs, forward } = state;
  const those = (verdict: string): IPFamily[] =>
    needs.families.filter((family) => forward[family] === verdict);
  const [dropped, unknown, accepted] = [those('drops'), those('unknown'), those('accepted-by-doctor')];
  const id = 'forward-policy';
  if (dropped.length > 0) {
    const cause = `the host's firewall drops forwarded packets (chain FORWARD, ${dropped.join(' and ')})`;
    if (facts.root)
      return ok(id, `${cause}: a run adds rules that accept its own bridge's, and removes them`);
    const passing = (family: IPFamily): boolean => needs.nodes > 1 && facts.bridgeNetfilter[family];
    const hits = needs.egress === 'open' || dropped.some(passing);
    return problem(id, hits ? 'blocker' : 'warning', {
      cause,
      consequence: 'nodes reach neither each other nor the network outside, and joining hangs',
      fix: acceptFix(dropped),
    });
  }
  if (unknown.length > 0 && facts.docker && !state.recordedFixes.has(id)) {
    return problem(id, 'warning', {
      cause: 'Docker is here, and only root can see whether chain FORWARD drops packets',
      consequence: 'if it does, nodes reach neither each other nor the network outside, and joining hangs',
      fix: acceptFix(unknown),
    });
  }
  if (unknown.length > 0) return ok(id, 'unknown: only root can read chain FORWARD');
  return ok(id, accepted.length > 0 ? "doctor's rules accept the bridges of runs" : 'forwarded packets pass');
}

function acceptFix(families: readonly IPFamily[]): Fix {
  const { add, remove } = setupRules(families);
  return {
    commands: add.map((command) => ({ command })),
    // A restart takes the rules away too.
    undo: remove.map((command) => ({ command, mayFail: true })),
  };
}

/** Whether the DNS forwarder that the engine starts on a bridge with open egress finds its port taken. */
export function port53({ facts, needs }: HostState): Finding {
  if (facts.port53.length === 0) return ok('port-53', 'nothing listens on port 53 of every address');
  const cause = `something listens on port 53 of every address (${facts.port53.join(', ')})`;
  if (needs.egress === 'blocked')
    return ok('port-53', `${cause}; with egress: blocked there is no DNS forwarder`);
  return problem('port-53', 'blocker', {
    cause,
    consequence: `${engineTitle(needs)}'s DNS forwarder can not listen on the bridge, and the network is not created`,
    advice:
      'Let that program listen on its own addresses only (dnsmasq: bind-interfaces), or use --no-egress.',
  });
}

/** Pod and service ranges that the host has routes for. */
export function routes({ facts, needs }: HostState): Finding {
  const clashes = clashingRanges(needs.ranges, facts.hostRanges);
  if (clashes.length === 0) return ok('routes', 'no route of this host is in the way of pods or Services');
  return problem('routes', 'warning', {
    cause: clashes.join('; '),
    consequence: 'nodes reach the cluster there, and no longer what this host reaches there',
    advice: 'Write other ranges into the scenario: network.pods, network.services.',
  });
}
