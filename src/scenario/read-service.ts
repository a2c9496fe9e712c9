import type { ManifestObject, ManifestService } from './manifest.ts';
import type { Position, Problem } from './problem.ts';
import type { ScenarioNetwork } from './resolve-network.ts';
import type { IPFamily } from './scenario.ts';

type Network = Pick<ScenarioNetwork, 'families' | 'primaryFamily'>;
type Reporter = (position: Position, message: string, severity?: Problem['severity']) => void;

/** What a Service of a manifest promises; nothing where there is nothing that a run could ask it. */
export function readService(
  { name, namespace, position, content }: ManifestObject,
  network: Network,
  report: Reporter,
): ManifestService[] {
  const spec = isRecord(content['spec']) ? content['spec'] : {};
  const warn = (message: string): void => report(position, `Service ${name} ${message}`, 'warning');
  if (spec['type'] === 'ExternalName') {
    warn('is an ExternalName: it has no address, and is not checked');
    return [];
  }
  if (!isRecord(spec['selector'])) {
    warn('has no selector: its endpoints are not of this manifest, and it is not checked');
    return [];
  }
  const families = familiesOf(spec, network, warn, (message) =>
    report(position, `Service ${name} ${message}`),
  );
  const ports = (Array.isArray(spec['ports']) ? spec['ports'] : []).filter(isRecord);
  const tcp = ports.find((port) => (port['protocol'] ?? 'TCP') === 'TCP' && typeof port['port'] === 'number');
  if (tcp === undefined) warn('has no TCP port: only its addresses and endpoints are checked');
  return [
    {
      name,
      namespace,
      families,
      hasClusterIP: spec['clusterIP'] !== 'None',
      port: tcp === undefined ? null : Number(tcp['port']),
      http: tcp !== undefined && saysHttp(tcp),
    },
  ];
}

function saysHttp(port: Readonly<Record<string, unknown>>): boolean {
  const { name, appProtocol } = port;
  return (
    appProtocol === 'http' ||
    (appProtocol === undefined && typeof name === 'string' && /^http(-|$)/.test(name))
  );
}

/** As the API server fills them in: two `ipFamilies` require both, and without any wish it is the primary family alone. */
function familiesOf(
  spec: Readonly<Record<string, unknown>>,
  { families, primaryFamily }: Network,
  warn: (message: string) => void,
  refuse: (message: string) => void,
): readonly IPFamily[] {
  const written = (Array.isArray(spec['ipFamilies']) ? spec['ipFamilies'] : []).filter(
    (family): family is IPFamily => family === 'IPv4' || family === 'IPv6',
  );
  const policy = spec['ipFamilyPolicy'] ?? (written.length === 2 ? 'RequireDualStack' : undefined);
  if (policy === 'RequireDualStack' && families.length === 1) {
    refuse(`requires dual-stack, and the scenario asks for ${families.join()} alone`);
    return families;
  }
  const foreign = written.find((family) => !families.includes(family));
  if (foreign !== undefined) {
    refuse(`asks for ${foreign}, and the scenario for ${families.join(' and ')}`);
    return families;
  }
  if (policy === 'RequireDualStack' || policy === 'PreferDualStack') return families;
  if (policy === undefined && families.length === 2) {
    warn(
      'is SingleStack by default: write ipFamilyPolicy: RequireDualStack to have an address of each family',
    );
  }
  return [written[0] ?? primaryFamily];
}

/** Whether a value is a map. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
