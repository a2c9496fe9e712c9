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
const SNAP_MODULES: readonly string[] = [
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

/** The states of parts of the kernel, by name: what every node needs, and what nodes with a snap in them ask for. */
export interface KernelModules {
  readonly node: ReadonlyMap<string, ModuleState>;
  readonly snap: ReadonlyMap<string, ModuleState>;
}

/** Looks at this host's kernel. */
export async function readKernelModules(): Promise<KernelModules> {
  const read = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);
  const folder = `/lib/modules/${release()}`;
  const lists = {
    loaded: await read('/proc/modules'),
    builtIn: await read(`${folder}/modules.builtin`),
    installed: await read(`${folder}/modules.dep`),
  };
  const statesOf = async (needed: typeof NEEDED): Promise<Map<string, ModuleState>> => {
    const states = needed.map(async ([name, proof]): Promise<[string, ModuleState]> => {
      const proven = await access(proof).then(
        () => true,
        () => false,
      );
      return [name, moduleState(name, proven, lists)];
    });
    return new Map(await Promise.all(states));
  };
  return {
    node: await statesOf(NEEDED),
    snap: await statesOf(SNAP_MODULES.map((name) => [name, `/sys/module/${name}`])),
  };
}

/** What an engine is to load: neither what is there, nor what it could not load and would fail for. */
export function modulesToLoad(states: ReadonlyMap<string, ModuleState>): string[] {
  return [...states].flatMap(([name, state]) => (state === 'loadable' ? [name] : []));
}
