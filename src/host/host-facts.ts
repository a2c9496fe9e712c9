import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { freeBytes } from './free-bytes.ts';
import { hostArchitecture } from '../images/architecture.ts';
import { capabilitiesOf } from './process-capabilities.ts';
import { detectCgroup } from './detect-cgroup.ts';
import { readKernelModules, type ModuleState } from './kernel-modules.ts';
import { hostEngineOf } from './host-engines.ts';
import { readHostRanges } from './host-ranges.ts';
import { readAptSuites, readOperatingSystem, type OperatingSystem } from './operating-system.ts';
import { wildcardListeners } from './wildcard-listeners.ts';
import { systemPath } from '../process/system-path.ts';
import type { CgroupLayout } from './cgroup-settings.ts';
import type { UsedRange } from '../network/choose-node-network.ts';
import type { IPFamily, ProviderName } from '../scenario/scenario.ts';

/** What a run needs to know of the machine that it is on. Null means "could not be read". */
export interface HostFacts {
  readonly architecture: string;
  /** The name of PID 1 is `systemd`. */
  readonly systemd: boolean;
  readonly root: boolean;
  readonly cgroup: CgroupLayout;
  /** Whether this process may raise limits; without it the container runtime must not lower `oom_score_adj`. */
  readonly capSysResource: boolean;
  /** Absolute path of each program of {@link PROGRAMS} that is in PATH. */
  readonly programs: ReadonlyMap<string, string>;
  readonly memoryAvailableBytes: number | null;
  readonly operatingSystem: OperatingSystem;
  /** What apt's sources name, such as `bookworm-backports`. */
  readonly aptSuites: ReadonlySet<string>;
  /** Bytes free where the node images are built, and where the engine keeps its pool. */
  readonly cacheFreeBytes: number | null;
  readonly poolFreeBytes: number | null;
  /** `fs.inotify.max_user_instances`: systemd, containerd and kubelet of each node take from it. */
  readonly inotifyInstances: number | null;
  readonly inotifyWatches: number | null;
  /** Which of `all`, `default` and `lo` have `disable_ipv6` set; null where the kernel has no IPv6. */
  readonly ipv6Disabled: readonly string[] | null;
  /** Bridged packets pass the firewall, by family. */
  readonly bridgeNetfilter: Readonly<Record<IPFamily, boolean>>;
  /** The parts of the kernel that nodes need. */
  readonly modules: ReadonlyMap<string, ModuleState>;
  /** What nodes with a snap in them need beside these. */
  readonly snapModules: ReadonlyMap<string, ModuleState>;
  /** Listeners on port 53 of every address, such as `0.0.0.0:53/udp`. */
  readonly port53: readonly string[];
  /** Ranges of this host's routes and addresses, and by what it has them. */
  readonly hostRanges: readonly UsedRange[];
  /** Docker's default bridge is here. */
  readonly docker: boolean;
  /** The clock, in milliseconds since 1970. */
  readonly now: number;
}

/** Programs that matter, all from Debian packages but `go` and `apt-get`. */
export const PROGRAMS = [
  'lxc',
  'lxd',
  'incus',
  'incusd',
  'nft',
  'dnsmasq',
  'mkfs.btrfs',
  'mksquashfs',
  'unsquashfs',
  'debootstrap',
  'newuidmap',
  'go',
  'apt-get',
  'sudo',
] as const;
export type Program = (typeof PROGRAMS)[number];

/** Where Incus keeps its daemon, which no search path has: Debian's packages, and those of the project itself. */
const DAEMON_FOLDERS = ['/usr/libexec/incus', '/opt/incus/bin'];

async function readNumber(file: string): Promise<number | null> {
  const text = (await readFile(file, 'utf8').catch(() => '')).trim();
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** The absolute path of each program of {@link PROGRAMS} that is here. */
export async function findPrograms(path: string | undefined): Promise<ReadonlyMap<string, string>> {
  const folders = [...systemPath(path).split(delimiter), ...DAEMON_FOLDERS];
  const found = await Promise.all(
    PROGRAMS.map(async (program): Promise<[string, string] | null> => {
      for (const folder of folders) {
        const file = join(folder, program);
        if (
          await access(file, constants.X_OK).then(
            () => true,
            () => false,
          )
        )
          return [program, file];
      }
      return null;
    }),
  );
  return new Map(found.filter((entry) => entry !== null));
}

async function disabledIPv6(isOn: (file: string) => Promise<boolean>): Promise<string[]> {
  const names = ['all', 'default', 'lo'];
  const off = await Promise.all(names.map((name) => isOn(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`)));
  return names.filter((_name, index) => off[index]);
}

/** Looks at this machine; starts no program and changes nothing. */
export async function readHostFacts(
  env: Readonly<Record<string, string | undefined>>,
  cacheDirectory: string,
  provider: ProviderName,
): Promise<HostFacts> {
  const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
  const isThere = (path: string): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );
  const isOn = async (file: string): Promise<boolean> => (await read(file)).trim() === '1';
  const [init, status, meminfo] = await Promise.all([
    read('/proc/1/comm'),
    read('/proc/self/status'),
    read('/proc/meminfo'),
  ]);
  const { effective, bounding } = capabilitiesOf(status);
  const root = process.getuid?.() === 0;
  const availableKiB = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1];
  const modules = await readKernelModules();
  const engineFolders = hostEngineOf(provider)?.folders ?? [];
  const there = await Promise.all(engineFolders.map(isThere));
  const pools = engineFolders.find((_folder, index) => there[index]) ?? engineFolders.at(-1);
  return {
    architecture: hostArchitecture() ?? process.arch,
    systemd: init.trim() === 'systemd',
    root,
    cgroup: await detectCgroup(),
    // For a user without root, what counts is what root here may have at most.
    capSysResource: (root ? effective : bounding).sysResource,
    programs: await findPrograms(env['PATH']),
    memoryAvailableBytes: availableKiB === undefined ? null : Number(availableKiB) * 1024,
    cacheFreeBytes: await freeBytes(cacheDirectory),
    operatingSystem: await readOperatingSystem(),
    aptSuites: await readAptSuites(),
    poolFreeBytes: pools === undefined ? null : await freeBytes(pools),
    inotifyInstances: await readNumber('/proc/sys/fs/inotify/max_user_instances'),
    inotifyWatches: await readNumber('/proc/sys/fs/inotify/max_user_watches'),
    ipv6Disabled: (await isThere('/proc/sys/net/ipv6')) ? await disabledIPv6(isOn) : null,
    bridgeNetfilter: {
      IPv4: await isOn('/proc/sys/net/bridge/bridge-nf-call-iptables'),
      IPv6: await isOn('/proc/sys/net/bridge/bridge-nf-call-ip6tables'),
    },
    modules: modules.node,
    snapModules: modules.snap,
    port53: await wildcardListeners(53),
    hostRanges: await readHostRanges(),
    docker: await isThere('/sys/class/net/docker0'),
    now: Date.now(),
  };
}
