import { ok, problem, type Finding } from './finding.ts';
import type { HostState } from './host-state.ts';

/** Whether this user can keep a lab of containers from the network outside: the engine has no such thing, and the firewall is root's. */
export function egressByRoot({ facts, needs }: HostState): Finding {
  if (needs.egress === 'open') return ok('egress', 'not blocked');
  if (facts.root)
    return ok('egress', 'a run adds a table of nftables that keeps its nodes in, and removes it');
  return problem('egress', 'blocker', {
    cause: 'egress: blocked takes rules of the firewall with kind, which only root may add',
    consequence: 'the nodes would reach the network outside',
    advice:
      'Run it as root, or with egress: open (--set egress=open), or with provider: lxd, which needs no root for it.',
  });
}
