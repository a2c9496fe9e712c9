import type { DocumentPath } from './document-path.ts';
import { DEFAULT_POD_RANGES, DEFAULT_SERVICE_RANGES, familyKey } from './network-schema.ts';
import type { IPFamily, PerFamily } from './scenario.ts';
import type { WrittenScenario } from './schema.ts';
import { parseCidr } from '../network/cidr.ts';
import type { Cidr } from '../network/cidr.ts';
import type { Parsed } from '../network/ip-address.ts';

/** A range of the scenario, with where it stands and what it is. */
export interface ScenarioRange {
  readonly section: 'pods' | 'services' | 'bridge';
  readonly path: DocumentPath;
  readonly text: string;
  readonly parsed: Parsed<Cidr>;
  /** What it is, or would be if it could be read: what has a colon is IPv6. */
  readonly family: IPFamily;
  /** False for a default. */
  readonly isWritten: boolean;
}

/** A node's share of the pod range. */
export interface NodeMask {
  /** Prefix length; null where it has no default and is not written. */
  readonly prefixLength: number | null;
  readonly isWritten: boolean;
  readonly path: DocumentPath;
}

/** The network that a scenario asks for, right or wrong: what normalization and rules both look at. */
export interface ScenarioNetwork {
  /** What was asked for, primary family first. */
  readonly families: readonly IPFamily[];
  readonly primaryFamily: IPFamily;
  readonly pods: readonly ScenarioRange[];
  readonly services: readonly ScenarioRange[];
  readonly bridge: readonly ScenarioRange[];
  readonly nodeMasks: PerFamily<NodeMask>;
}

const BOTH: readonly IPFamily[] = ['IPv4', 'IPv6'];

function familyOfText(range: string): IPFamily {
  return range.includes(':') ? 'IPv6' : 'IPv4';
}

function scenarioRange(
  section: ScenarioRange['section'],
  key: string | number,
  text: string,
  isWritten: boolean,
): ScenarioRange {
  const family = familyOfText(text);
  return { section, path: ['network', section, key], text, parsed: parseCidr(text), family, isWritten };
}

function rangeList(
  section: 'pods' | 'services',
  written: readonly string[] | undefined,
  defaults: PerFamily<string>,
  families: readonly IPFamily[],
): ScenarioRange[] {
  const texts = written ?? families.map((family) => defaults[family]);
  return texts.map((text, index) => scenarioRange(section, index, text, written !== undefined));
}

/**
 * The share that a node gets where none is written. The controller manager's own defaults are 24 and 64 (kubeadm passes none), and it
 * allows 16 bits between the pod range and a share; 117 is what k0s takes for the IPv6 ranges of the dual-stack guides.
 */
function defaultNodeMask(family: IPFamily, pods: readonly ScenarioRange[]): number | null {
  if (family === 'IPv4') return 24;
  const range = pods.find((pod) => pod.family === 'IPv6');
  const length = range?.parsed.ok === true ? range.parsed.value.prefixLength : null;
  if (length === null) return null;
  if (length >= 48 && length <= 64) return 64;
  return length >= 101 && length <= 117 ? 117 : null;
}

/** Reads the network section and fills in what depends on other values: ranges by family, families by order, node masks by range. */
export function resolveNetwork(written: WrittenScenario['network']): ScenarioNetwork {
  const asked = BOTH.filter((family) => written.families?.includes(family) ?? true);
  const firstOf = (list: readonly string[] | undefined): IPFamily | undefined =>
    list?.[0] === undefined ? undefined : familyOfText(list[0]);
  const primaryFamily =
    written.primaryFamily ??
    firstOf(written.services) ??
    firstOf(written.pods) ??
    written.families?.[0] ??
    asked[0] ??
    'IPv4';
  const families = [...asked].sort((a, b) => Number(b === primaryFamily) - Number(a === primaryFamily));
  const pods = rangeList('pods', written.pods, DEFAULT_POD_RANGES, families);
  const nodeMask = (family: IPFamily): NodeMask => {
    const key = familyKey(family);
    const value = written.nodeMasks[key];
    const prefixLength = value ?? defaultNodeMask(family, pods);
    return { prefixLength, isWritten: value !== undefined, path: ['network', 'nodeMasks', key] };
  };
  return {
    families,
    primaryFamily,
    pods,
    services: rangeList('services', written.services, DEFAULT_SERVICE_RANGES, families),
    bridge: BOTH.flatMap((family) => {
      const text = written.bridge[familyKey(family)];
      return text === undefined ? [] : [scenarioRange('bridge', familyKey(family), text, true)];
    }),
    nodeMasks: { IPv4: nodeMask('IPv4'), IPv6: nodeMask('IPv6') },
  };
}
