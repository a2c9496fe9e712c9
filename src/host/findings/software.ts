import { ARCHITECTURE_NAMES } from '../../images/architecture.ts';
import { ok, problem, type Finding } from './finding.ts';
import type { HostState } from './host-state.ts';
import type { Program } from '../host-facts.ts';

/** Debian's package of each program that LXD needs. */
const ENGINE_PACKAGES: readonly (readonly [Program, string])[] = [
  ['lxc', 'lxd-client'],
  ['lxd', 'lxd'],
  ['dnsmasq', 'dnsmasq-base'],
  ['unsquashfs', 'squashfs-tools'],
  ['mkfs.btrfs', 'btrfs-progs'],
  ['newuidmap', 'uidmap'],
  ['nft', 'nftables'],
];

/** The first LXD whose bridges take network ACLs, with which egress is blocked, is 4.x; 5.0 is the oldest that is supported. */
const OLDEST_LXD = 5;

/** Architectures on which runs were seen to pass; the others have the same recipe and data. */
const PROVED_ARCHITECTURES = ['amd64'];

/** Whether there is a node image for this kind of machine, and whether a run was seen to pass on one. */
export function architecture({ facts: { architecture: name } }: HostState): Finding {
  if (PROVED_ARCHITECTURES.includes(name)) return ok('architecture', name);
  const isKnown = ARCHITECTURE_NAMES.some((known) => known === name);
  return problem('architecture', isKnown ? 'warning' : 'blocker', {
    cause: `this machine is ${name}`,
    consequence: isKnown
      ? 'node images are made for it, and nobody has seen a run pass on it yet'
      : 'there are no node images for it',
    advice: isKnown
      ? 'Try it, and tell us how it went.'
      : `Use a machine of one of these architectures: ${ARCHITECTURE_NAMES.join(', ')}.`,
  });
}

/** Whether the programs of the engine, and of a build where one is needed, are installed. */
export function packages({ facts, engine, build }: HostState): Finding {
  // An LXD that answers is used as it is, whoever installed it.
  const ofEngine = engine.unreachable === null ? [] : ENGINE_PACKAGES;
  const missing = [
    ...new Set([
      ...ofEngine.filter(([program]) => !facts.programs.has(program)).map(([, name]) => name),
      ...(build?.missingPackages ?? []),
    ]),
  ];
  if (missing.length === 0) return ok('packages', 'every program that a run uses is installed');
  const apt = facts.programs.has('apt-get');
  return problem('packages', 'blocker', {
    cause: `not installed: ${missing.join(', ')}`,
    consequence: 'a run has no engine, or nothing to build its node image with',
    fix: apt
      ? {
          commands: [
            { command: ['apt-get', 'update'], harmless: true },
            { command: ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing] },
          ],
          undo: [{ command: ['apt-get', 'purge', '--yes', '--autoremove', ...missing] }],
        }
      : null,
    advice: apt ? null : 'Install these Debian packages, or their like of this distribution.',
  });
}

/** Whether the engine answers this user, and is new enough. */
export function daemon({ facts, engine }: HostState): Finding {
  if (engine.unreachable === null) return answering(engine.version ?? '');
  const waitready = { command: ['lxd', 'waitready', '--timeout=60'], harmless: true };
  const fix = facts.systemd
    ? {
        commands: [{ command: ['systemctl', 'start', 'lxd'] }, waitready],
        undo: [{ command: ['systemctl', 'stop', 'lxd'] }],
      }
    : {
        commands: [
          { command: ['mkdir', '-p', '/var/log/lxd'], harmless: true },
          { command: ['lxd', '--group', 'lxd', '--logfile=/var/log/lxd/lxd.log'], daemon: true },
          waitready,
        ],
        undo: [{ command: ['lxd', 'shutdown', '--timeout=60'], mayFail: true }],
      };
  const refused = /permission|trust/i.test(engine.unreachable);
  const byHand =
    'PID 1 is not systemd, so we start the daemon ourselves; it does not come back after a restart.';
  return problem('daemon', 'blocker', {
    cause: engine.unreachable,
    consequence: 'there is nothing to launch nodes with',
    fix: refused ? null : fix,
    advice: refused
      ? 'Join the group of LXD: sudo usermod -aG lxd "$USER", then log in again.'
      : facts.systemd
        ? null
        : byHand,
  });
}

function answering(version: string): Finding {
  const major = Number.parseInt(version, 10);
  if (!(major < OLDEST_LXD)) return ok('daemon', `LXD ${version} answers`);
  return problem('daemon', 'blocker', {
    cause: `LXD ${version} answers, and ${OLDEST_LXD}.0 is the oldest that is supported`,
    consequence: 'its bridges can not keep a lab from the network outside',
    advice: 'Install a newer LXD; Debian 12 and Ubuntu have 5.0 or later.',
  });
}

/** Where the Go for a build comes from. */
export function go({ facts, build }: HostState): Finding {
  if (build === null) return ok('go', 'not needed: the node image is in the cache');
  const path = facts.programs.get('go');
  return path === undefined
    ? ok('go', 'no Go in PATH: the official toolchain is fetched into our cache when the node image is built')
    : ok('go', `${path}, which fetches the toolchain that the components ask for`);
}
