import { ARCHITECTURE_NAMES } from '../../images/architecture.ts';
import { ok, problem, type Finding, type Fix } from './finding.ts';
import { hostEngineOf, type HostEngine } from '../host-engines.ts';
import type { HostState } from './host-state.ts';
import type { HostFacts } from '../host-facts.ts';
import type { ProviderName } from '../../scenario/scenario.ts';

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

/** The package source of a release's newer packages, which the set-up adds. */
const BACKPORTS_FILE = '/etc/apt/sources.list.d/twinstack-backports.list';
const DEBIAN_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Adds a package source, unless apt has it. */
function addSource({ facts, debianMirror }: HostState, suite: string | null): Fix {
  if (suite === null || facts.aptSuites.has(suite)) return { commands: [], undo: [] };
  const input = `deb [signed-by=${DEBIAN_KEYS}] ${debianMirror} ${suite} main\n`;
  return {
    commands: [{ command: ['tee', BACKPORTS_FILE], input }],
    undo: [{ command: ['rm', '-f', BACKPORTS_FILE] }, { command: ['apt-get', 'update'], mayFail: true }],
  };
}

/** Whether the programs of the engine, and of a build where one is needed, are installed. */
export function packages(state: HostState): Finding {
  const { facts, engine, build, needs } = state;
  const host = hostEngineOf(needs.provider);
  const source = host?.source(facts.operatingSystem) ?? null;
  // An engine that answers is used as it is, whoever installed it.
  const unreachable = host !== null && engine.unreachable !== null;
  if (unreachable && source === null && !facts.programs.has(host.client)) {
    return problem('packages', 'blocker', {
      cause: `${host.title} is not installed, and this system has no packages of it`,
      consequence: 'there is nothing to launch nodes with',
      advice: host.elsewhere,
    });
  }
  const ofEngine = unreachable ? (source?.packages ?? []) : [];
  const missingOfEngine = ofEngine.filter(([program]) => !facts.programs.has(program));
  const missing = [
    ...new Set([...missingOfEngine.map(([, name]) => name), ...(build?.missingPackages ?? [])]),
  ];
  if (missing.length === 0) return ok('packages', 'every program that a run uses is installed');
  const apt = facts.programs.has('apt-get');
  const added = addSource(state, missingOfEngine.length === 0 ? null : (source?.backports ?? null));
  return problem('packages', 'blocker', {
    cause: `not installed: ${missing.join(', ')}`,
    consequence: 'a run has no engine, or nothing to build its node image with',
    fix: apt
      ? {
          commands: [
            ...added.commands,
            { command: ['apt-get', 'update'], harmless: true },
            { command: ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing] },
          ],
          undo: [{ command: ['apt-get', 'purge', '--yes', '--autoremove', ...missing] }, ...added.undo],
        }
      : null,
    advice: apt ? null : 'Install these Debian packages, or their like of this distribution.',
  });
}

/** Whether the engine answers this user, and is new enough. */
export function daemon({ facts, engine, needs }: HostState): Finding {
  const host = hostEngineOf(needs.provider);
  if (engine.unreachable === null) return answering(host, needs.provider, engine.version ?? '');
  const consequence = 'there is nothing to launch nodes with';
  const found = { cause: engine.unreachable, consequence };
  // Nothing that we start helps a user without the rights, or a daemon that is there and hangs.
  const byHand = host === null || /permission|trust|hangs/i.test(engine.unreachable);
  if (byHand) return problem('daemon', 'blocker', { ...found, advice: engine.hint });
  return problem('daemon', 'blocker', {
    ...found,
    fix: facts.systemd ? serviceFix(host) : daemonFix(host, facts),
    advice: facts.systemd
      ? null
      : 'PID 1 is not systemd, so we start the daemon ourselves; it does not come back after a restart.',
  });
}

function serviceFix({ service, waitready }: HostEngine): Fix {
  return {
    commands: [{ command: ['systemctl', 'start', service] }, { command: [...waitready], harmless: true }],
    undo: [{ command: ['systemctl', 'stop', service] }],
  };
}

function daemonFix(
  { daemon: { program, path }, group, log, waitready, shutdown }: HostEngine,
  facts: HostFacts,
): Fix {
  // One that the search path has is called by its name, as its user would.
  const file = path === program ? path : (facts.programs.get(program) ?? path);
  const start = [file, '--group', group, `--logfile=${log.file}`];
  return {
    commands: [
      { command: ['mkdir', '-p', log.folder], harmless: true },
      { command: start, daemon: true },
      { command: [...waitready], harmless: true },
    ],
    undo: [{ command: [...shutdown], mayFail: true }],
  };
}

function answering(host: HostEngine | null, provider: ProviderName, version: string): Finding {
  if (host === null) return ok('daemon', `the engine of ${provider} answers: ${version}`);
  const { title, oldest, elsewhere } = host;
  if (!(Number.parseInt(version, 10) < oldest.version)) return ok('daemon', `${title} ${version} answers`);
  return problem('daemon', 'blocker', {
    cause: `${title} ${version} answers, and ${oldest.version}.0 is the oldest that is supported`,
    consequence: oldest.lacks,
    advice: elsewhere,
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
