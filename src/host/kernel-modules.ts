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

/** The state of each part of the kernel that nodes need. */
export async function readKernelModules(): Promise<Map<string, ModuleState>> {
  const read = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);
  const folder = `/lib/modules/${release()}`;
  const lists = {
    loaded: await read('/proc/modules'),
    builtIn: await read(`${folder}/modules.builtin`),
    installed: await read(`${folder}/modules.dep`),
  };
  const states = await Promise.all(
    NEEDED.map(async ([name, proof]): Promise<[string, ModuleState]> => {
      const proven = await access(proof).then(
        () => true,
        () => false,
      );
      return [name, moduleState(name, proven, lists)];
    }),
  );
  return new Map(states);
}
