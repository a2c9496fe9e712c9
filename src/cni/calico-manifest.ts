import { calicoEnvironment } from './calico-environment.ts';
import { makeProblem, type Position, type Problem } from '../scenario/problem.ts';
import { isRecord } from '../scenario/read-service.ts';
import type { DocumentPath } from '../scenario/document-path.ts';
import type { ManifestObject } from '../scenario/manifest.ts';
import type { Scenario } from '../scenario/scenario.ts';

const CONFIG = 'calico-config';
const NODE = 'calico-node';
const NETWORK_CONFIG: DocumentPath = ['data', 'cni_network_config'];
const CONTAINERS: DocumentPath = ['spec', 'template', 'spec', 'containers'];
/** What calico-install-cni puts in: names in capitals between underscores, some of them where JSON wants a number. */
const BARE_PLACEHOLDER = /:(\s*)(__[A-Z_]+__)/g;
const QUOTED_PLACEHOLDER = /"bare (__[A-Z_]+__)"/g;
/** Probes of the daemons that route by BGP; in vxlan mode these don't run. */
const PROBES_OF_BIRD = ['-bird-live', '-bird-ready', '-bird6-live', '-bird6-ready'];

type Content = Record<string, unknown>;

/** The parts of Tigera's manifest that the scenario's parameters go into. */
interface CalicoParts {
  readonly config: ManifestObject;
  readonly node: ManifestObject;
  /** Of the container calico-node in its DaemonSet. */
  readonly containerIndex: number;
}

function at(content: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      Array.isArray(value) ? (value as unknown[])[Number(key)] : isRecord(value) ? value[key] : undefined,
    content,
  );
}

/** The network configuration as data: placeholders that stand where JSON has no text are marked as such. */
function parseNetworkConfig(text: string): Content | null {
  try {
    const config = JSON.parse(text.replace(BARE_PLACEHOLDER, ':$1"bare $2"')) as unknown;
    return isRecord(config) ? config : null;
  } catch {
    return null;
  }
}

/** The settings of calico-ipam in the network configuration; null where another gives the addresses. */
function ipamOf(config: Content | null): Content | null {
  const plugins = Array.isArray(config?.['plugins']) ? (config['plugins'] as unknown[]) : [];
  const plugin = plugins.filter(isRecord).find(({ type }) => type === 'calico');
  const ipam = plugin?.['ipam'];
  return isRecord(ipam) && ipam['type'] === 'calico-ipam' ? ipam : null;
}

function locateParts(objects: readonly ManifestObject[], file: string): CalicoParts | readonly Problem[] {
  const problems: Problem[] = [];
  const report = (position: Position, message: string): void => {
    problems.push(makeProblem({ rule: 'cni-manifest', path: [], position, message }));
  };
  const find = (kind: string, name: string, why: string): ManifestObject | undefined => {
    const found = objects.find((object) => object.kind === kind && object.name === name);
    if (found === undefined) {
      const message = `has no ${kind} ${name}, which ${why}: name Tigera's calico.yaml (without the operator), or write name: custom to apply it as it is`;
      report({ file, line: 1, column: 1 }, message);
    }
    return found;
  };
  const config = find('ConfigMap', CONFIG, "holds Calico's settings");
  const node = find('DaemonSet', NODE, 'is told the pod ranges');
  if (config !== undefined) {
    const text = at(config.content, NETWORK_CONFIG);
    const parsed = typeof text === 'string' ? parseNetworkConfig(text) : null;
    if (typeof text !== 'string')
      report(config.locate(NETWORK_CONFIG), `ConfigMap ${CONFIG} has no data.cni_network_config`);
    else if (parsed === null)
      report(config.locate(NETWORK_CONFIG), `data.cni_network_config of ${CONFIG} is no JSON object`);
    else if (ipamOf(parsed) === null) {
      const message = `data.cni_network_config of ${CONFIG} has no plugin calico whose ipam is calico-ipam, which both families need`;
      report(config.locate(NETWORK_CONFIG), message);
    }
  }
  const containers = at(node?.content, CONTAINERS);
  const containerIndex = Array.isArray(containers)
    ? containers.findIndex((container) => isRecord(container) && container['name'] === NODE)
    : -1;
  if (node !== undefined && containerIndex < 0)
    report(
      node.locate(CONTAINERS),
      `DaemonSet ${NODE} has no container ${NODE}, which is told the pod ranges`,
    );
  if (config === undefined || node === undefined || problems.length > 0) return problems;
  return { config, node, containerIndex };
}

/** What a manifest of Calico's lacks of that which the scenario has to change in it. */
export function calicoManifestProblems(objects: readonly ManifestObject[], file: string): readonly Problem[] {
  const parts = locateParts(objects, file);
  return 'config' in parts ? [] : parts;
}

function renderConfig(content: Content, { cni, network }: Pick<Scenario, 'cni' | 'network'>): void {
  const data = content['data'] as Content;
  const config = parseNetworkConfig(String(data['cni_network_config']));
  const ipam = ipamOf(config);
  if (ipam === null) throw new Error('the manifest was not looked at');
  // Texts, as Calico's page has them: the plugin takes no booleans there.
  ipam['assign_ipv4'] = String(network.families.includes('IPv4'));
  ipam['assign_ipv6'] = String(network.families.includes('IPv6'));
  data['cni_network_config'] = JSON.stringify(config, null, 2).replace(QUOTED_PLACEHOLDER, '$1');
  data['calico_backend'] = cni.mode;
}

function setVariables(container: Content, values: Readonly<Record<string, string>>): void {
  const written = Array.isArray(container['env']) ? container['env'].filter(isRecord) : [];
  const kept = written.map((variable) => {
    const value = values[String(variable['name'])];
    return value === undefined ? variable : { name: variable['name'], value };
  });
  const names = kept.map(({ name }) => name);
  const added = Object.entries(values).filter(([name]) => !names.includes(name));
  container['env'] = [...kept, ...added.map(([name, value]) => ({ name, value }))];
}

function removeBirdProbes(container: Content): void {
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const exec = at(container, [probe, 'exec']);
    if (!isRecord(exec) || !Array.isArray(exec['command'])) continue;
    exec['command'] = exec['command'].filter((word) => !PROBES_OF_BIRD.includes(String(word)));
  }
}

/**
 * Tigera's operator-free manifest with the scenario's parameters in it. Calico is told by the environment of calico-node, which makes
 * the pools when it starts: that is what its documentation has for this manifest, and it needs no order among the objects.
 * @throws for a manifest in which `calicoManifestProblems` finds something.
 */
export function renderCalico(
  objects: readonly ManifestObject[],
  scenario: Pick<Scenario, 'cni' | 'network'>,
): ManifestObject[] {
  const parts = locateParts(objects, '');
  if (!('config' in parts)) throw new Error('the manifest was not looked at');
  const { config, node, containerIndex } = parts;
  return objects.map((object) => {
    if (object !== config && object !== node) return object;
    const content = structuredClone(object.content) as Content;
    if (object === config) renderConfig(content, scenario);
    else {
      const container = at(content, [...CONTAINERS, containerIndex]) as Content;
      const backend = at(container, ['env']);
      const refers = Array.isArray(backend)
        ? backend.some(
            (each) => isRecord(each) && each['name'] === 'CALICO_NETWORKING_BACKEND' && 'valueFrom' in each,
          )
        : false;
      const { mode } = scenario.cni;
      setVariables(container, {
        ...calicoEnvironment(scenario),
        // Where it refers to the ConfigMap it says the same.
        ...(refers || mode === null ? {} : { CALICO_NETWORKING_BACKEND: mode }),
      });
      if (mode === 'vxlan') removeBirdProbes(container);
    }
    return { ...object, content };
  });
}
