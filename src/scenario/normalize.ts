import { parseDuration } from './duration.ts';
import { ownTestNames } from './own-test-names.ts';
import { controllerRoleOf } from './controller-role.ts';
import { cniOf } from './network-plugin.ts';
import { installationOf } from './installation.ts';
import { resolveNetwork } from './resolve-network.ts';
import type { ScenarioNetwork, ScenarioRange } from './resolve-network.ts';
import type { Expectation, IPFamily, OwnTest, PerFamily, Scenario } from './scenario.ts';
import type { WrittenScenario } from './schema.ts';
import { formatCidr } from '../network/cidr.ts';

/** The name of a scenario that writes none: its file's name without folders and ending. */
export function scenarioNameOf(file: string): string {
  const base = file.split(/[\\/]/).at(-1) ?? '';
  return base.replace(/\.ya?ml$/i, '');
}

/** What must happen for exit status 0. */
export function expectationOf(written: WrittenScenario): Expectation {
  const { expect } = written;
  if (expect === 'passed') return expect;
  if (expect.rule !== undefined) return { rule: expect.rule };
  return expect.check === undefined ? 'passed' : { check: expect.check };
}

function normalText(range: ScenarioRange): string {
  return range.parsed.ok ? formatCidr(range.parsed.value) : range.text;
}

function perFamily<T>(
  families: readonly IPFamily[],
  value: (family: IPFamily) => T | null,
): PerFamily<T | null> {
  const of = (family: IPFamily): T | null => (families.includes(family) ? value(family) : null);
  return { IPv4: of('IPv4'), IPv6: of('IPv6') };
}

function areWritten(ranges: readonly ScenarioRange[]): boolean {
  return ranges.some(({ isWritten }) => isWritten);
}

function normalNetwork(network: ScenarioNetwork): Scenario['network'] {
  const { families, primaryFamily, pods, services, bridge, nodeMasks } = network;
  const bridgeOf = (family: IPFamily): string | null => {
    const range = bridge.find((each) => each.path.at(-1) === family.toLowerCase());
    return range === undefined ? null : normalText(range);
  };
  return {
    families,
    primaryFamily,
    pods: pods.map(normalText),
    services: services.map(normalText),
    isWritten: { pods: areWritten(pods), services: areWritten(services) },
    nodeMasks: perFamily(families, (family) => nodeMasks[family].prefixLength),
    bridge: perFamily(families, bridgeOf),
  };
}

function ownTestsOf({ tests }: WrittenScenario): OwnTest[] {
  const names = ownTestNames(tests.map(({ name, run }) => ({ name: name ?? null, command: run })));
  return tests.map(({ run, cwd = '.', env, timeout }, index) => ({
    name: names[index] ?? '',
    command: run,
    cwd,
    env,
    timeoutMs: parseDuration(timeout),
  }));
}

function dialogueOf({ dialogue }: WrittenScenario): Scenario['dialogue'] {
  const { mode, prompts, timeouts } = dialogue;
  return {
    mode,
    prompts: prompts ?? null,
    timeouts: {
      promptMs: parseDuration(timeouts.prompt),
      silenceMs: parseDuration(timeouts.silence),
      endMs: parseDuration(timeouts.end),
    },
  };
}

/**
 * Fills in every default. Ranges come out in normal form. Meant for a scenario that no rule refuses; what a rule refuses because
 * this version can't do it is not carried over.
 */
export function normalizeScenario(written: WrittenScenario, file: string): Scenario {
  return {
    name: written.name ?? scenarioNameOf(file),
    description: written.description,
    // Where it is `auto`, whoever reads the file does so once for each provider.
    provider: written.provider === 'auto' ? 'lxd' : written.provider,
    nodes: { ...written.nodes, controllerRole: controllerRoleOf(written) },
    network: normalNetwork(resolveNetwork(written.network)),
    egress: written.egress,
    image: written.image ?? null,
    images: written.images,
    binaries: Object.fromEntries(
      Object.entries(written.binaries).flatMap(([program, path]) =>
        path === undefined ? [] : [[program, path]],
      ),
    ),
    distribution: written.distribution,
    cni: cniOf(written),
    bootstrap: written.bootstrap,
    dialogue: dialogueOf(written),
    features: written.features ?? null,
    install: installationOf(written),
    binary: written.binary ?? null,
    kubeProxy: written.kubeProxy,
    featureGates: written.featureGates,
    extraArgs: Object.fromEntries(
      Object.entries(written.extraArgs).filter(([, args]) => Object.keys(args ?? {}).length > 0),
    ),
    workloads: written.workloads.map((workload) =>
      workload === 'nginxdualstack' ? workload : { manifest: workload.manifest },
    ),
    tests: ownTestsOf(written),
    expect: expectationOf(written),
    retries: written.retries,
    timeoutMs: parseDuration(written.timeout),
  };
}
