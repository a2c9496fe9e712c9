import { access, readFile } from 'node:fs/promises';
import { release } from 'node:os';

/** `there`: loaded or built in. `loadable`: the kernel loads it when asked. `unknown`: nothing on this host tells. */
export type ModuleState = 'there' | 'loadable' | 'absent' | 'unknown';

/** What nodes need of the kernel, each with a file that is there when the kernel has it, built in or loaded. */
const NEEDED: readonly (readonly [name: string, proof: string])[] = [
  ['overlay', '/sys/module/overlay'],
  ['bridge', '/sys/module/bridge'],
  ['veth', '/sys/module/veth'],
  ['nf_conntrack', '/proc/sys/net/netfilter/nf_conntrack_max'],
  ['nf_tables', '/sys/module/nf_tables'],
];

/** What Canonical's own harness has loaded for nodes that the k8s snap is installed in. */
export const SNAP_MODULES: readonly string[] = [
  'vxlan',
  'ip_vs',
  'ip_vs_rr',
  'ip_vs_wrr',
  'ip_vs_sh',
  'ip_tables',
  'ip6_tables',
  'ip6table_raw',
  'iptable_raw',
  'netlink_diag',
  'nf_nat',
  'overlay',
  'br_netfilter',
  'xt_socket',
  'nf_conntrack',
];

/** What the kernel's lists say; each is null where it can't be read, as in a container without `/lib/modules`. */
export interface ModuleLists {
  /** `/proc/modules` */
  readonly loaded: string | null;
  /** `modules.builtin` of the running kernel. */
  readonly builtIn: string | null;
  /** `modules.dep` of the running kernel. */
  readonly installed: string | null;
}

/** Whether the kernel has a module, from what was read. */
export function moduleState(name: string, proven: boolean, lists: ModuleLists): ModuleState {
  const file = new RegExp(`/${name.replaceAll('_', '[-_]')}\\.ko`, 'm');
  const isLoaded = new RegExp(`^${name} `, 'm').test(lists.loaded ?? '');
  if (proven || isLoaded || file.test(lists.builtIn ?? '')) return 'there';
  if (lists.installed === null || lists.builtIn === null) return 'unknown';
  return file.test(lists.installed) ? 'loadable' : 'absent';
}

/** The state of each part of the kernel that nodes need, or of the modules that are named. */
export async function readKernelModules(names?: readonly string[]): Promise<Map<string, ModuleState>> {
  const read = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);
  const folder = `/lib/modules/${release()}`;
  const lists = {
    loaded: await read('/proc/modules'),
    builtIn: await read(`${folder}/modules.builtin`),
    installed: await read(`${folder}/modules.dep`),
  };
  const needed = names?.map((name) => [name, `/sys/module/${name}`] as const) ?? NEEDED;
  const states = await Promise.all(
    needed.map(async ([name, proof]): Promise<[string, ModuleState]> => {
      const proven = await access(proof).then(
        () => true,
        () => false,
      );
      return [name, moduleState(name, proven, lists)];
    }),
  );
  return new Map(states);
}

/** What an engine is to load: neither what is there, nor what it could not load and would fail for. */
export function modulesToLoad(states: ReadonlyMap<string, ModuleState>): string[] {
  return [...states].flatMap(([name, state]) => (state === 'loadable' ? [name] : []));
}
