import { ciliumPools } from './cilium-values.ts';
import { parseCidr, sameCidr } from '../network/cidr.ts';
import { makeProblem, printable, type Position, type Problem } from '../scenario/problem.ts';
import { isRecord } from '../scenario/read-service.ts';
import type { ManifestObject } from '../scenario/manifest.ts';
import type { IPFamily, PerFamily, Scenario } from '../scenario/scenario.ts';

const CONFIG = 'cilium-config';
/** Where pods have addresses of the pools that the ConfigMap names; in other modes of IPAM they come from elsewhere. */
const CLUSTER_POOL = 'cluster-pool';
/** cilium-operator's own, where the ConfigMap has none. */
const DEFAULT_MASK_SIZES: PerFamily<string> = { IPv4: '24', IPv6: '112' };
/** cilium-agent's own, where the ConfigMap has none. */
const DEFAULT_ENABLED: PerFamily<string> = { IPv4: 'true', IPv6: 'true' };

/** Whether a list of ranges, with spaces or commas between them, is this one. */
function isOneRange(text: string, cidr: string): boolean {
  const [range = '', ...others] = text.split(/[\s,]+/).filter((part) => part !== '');
  const parsed = parseCidr(range);
  return others.length === 0 && parsed.ok && sameCidr(parsed.value, cidr);
}

/** The entries of the ConfigMap as texts: Cilium reads them as such. */
function settingsOf({ content }: ManifestObject): Readonly<Record<string, string>> {
  const data = isRecord(content['data']) ? content['data'] : {};
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value).trim()]));
}

/**
 * How a rendered manifest of Cilium's differs from the scenario: its ConfigMap cilium-config is read by agent and operator, and one that
 * asks for other families or ranges makes a cluster other than the one that is asked for.
 */
export function ciliumManifestProblems(
  objects: readonly ManifestObject[],
  file: string,
  scenario: Pick<Scenario, 'network'>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (position: Position, message: string): void => {
    problems.push(makeProblem({ rule: 'cni-manifest', path: [], position, message }));
  };
  const config = objects.find(({ kind, name }) => kind === 'ConfigMap' && name === CONFIG);
  if (config === undefined) {
    const message =
      `has no ConfigMap ${CONFIG}, which Cilium's agent and operator read: name what helm template made of Cilium's chart, or write ` +
      'name: custom to apply it as it is';
    report({ file, line: 1, column: 1 }, message);
    return problems;
  }
  const settings = settingsOf(config);
  const differs = (key: string, is: string | undefined, wanted: string, why: string): void => {
    const has = is === undefined ? `${key} is missing` : `${key} is ${printable(JSON.stringify(is))}`;
    report(config.locate(['data', key]), `${has}, and the scenario needs ${JSON.stringify(wanted)} (${why})`);
  };
  const families = ['IPv4', 'IPv6'] as const satisfies readonly IPFamily[];
  for (const family of families) {
    const key = `enable-${family.toLowerCase()}`;
    const wanted = String(scenario.network.families.includes(family));
    if ((settings[key] ?? DEFAULT_ENABLED[family]) !== wanted)
      differs(key, settings[key], wanted, `network.families is ${scenario.network.families.join(' and ')}`);
  }
  if ((settings['ipam'] ?? CLUSTER_POOL) !== CLUSTER_POOL) return problems;
  for (const { family, cidr, maskSize } of ciliumPools(scenario)) {
    const prefix = `cluster-pool-${family.toLowerCase()}`;
    const range = settings[`${prefix}-cidr`];
    if (range === undefined || !isOneRange(range, cidr))
      differs(`${prefix}-cidr`, range, cidr, 'network.pods');
    const mask = settings[`${prefix}-mask-size`];
    if ((mask ?? DEFAULT_MASK_SIZES[family]) !== String(maskSize))
      differs(`${prefix}-mask-size`, mask, String(maskSize), `network.nodeMasks.${family.toLowerCase()}`);
  }
  return problems;
}
