import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { freeBytes } from './free-bytes.ts';
import { hostArchitecture } from '../images/architecture.ts';

/** What a run needs to know of the machine that it is on. Null means "could not be read". */
export interface HostFacts {
  readonly architecture: string;
  /** The name of PID 1 is `systemd`. */
  readonly systemd: boolean;
  readonly root: boolean;
  readonly cgroupVersion: 1 | 2;
  /** Whether this process may raise limits; without it the container runtime must not lower `oom_score_adj`. */
  readonly capSysResource: boolean;
  /** Absolute path of each program of {@link PROGRAMS} that is in PATH. */
  readonly programs: ReadonlyMap<string, string>;
  readonly memoryAvailableBytes: number | null;
  /** Bytes free where the node images are built, and where LXD keeps its pool. */
  readonly cacheFreeBytes: number | null;
  readonly poolFreeBytes: number | null;
  /** `fs.inotify.max_user_instances`: systemd, containerd and kubelet of each node take from it. */
  readonly inotifyInstances: number | null;
  readonly ipv6Disabled: boolean;
  readonly bridgeNetfilter: boolean;
}

/** Programs that matter, all from Debian packages but `go` and `apt-get`. */
export const PROGRAMS = [
  'lxc',
  'lxd',
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

/** Where a user's PATH may not lead, and administrators' programs are. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/snap/bin'];

const CAP_SYS_RESOURCE_BIT = 24n;

async function readNumber(file: string): Promise<number | null> {
  const text = (await readFile(file, 'utf8').catch(() => '')).trim();
  return /^\d+$/.test(text) ? Number(text) : null;
}

async function findPrograms(path: string): Promise<Map<string, string>> {
  const folders = [...path.split(delimiter), ...SYSTEM_FOLDERS].filter((folder) => folder !== '');
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

/** Looks at this machine; starts no program and changes nothing. */
export async function readHostFacts(
  env: Readonly<Record<string, string | undefined>>,
  cacheDirectory: string,
): Promise<HostFacts> {
  const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
  const [init, status, meminfo, disabled, netfilter, unified] = await Promise.all([
    read('/proc/1/comm'),
    read('/proc/self/status'),
    read('/proc/meminfo'),
    read('/proc/sys/net/ipv6/conf/all/disable_ipv6'),
    read('/proc/sys/net/bridge/bridge-nf-call-iptables'),
    access('/sys/fs/cgroup/cgroup.controllers').then(
      () => true,
      () => false,
    ),
  ]);
  const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const root = process.getuid?.() === 0;
  const availableKiB = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1];
  return {
    architecture: hostArchitecture() ?? process.arch,
    systemd: init.trim() === 'systemd',
    root,
    cgroupVersion: unified ? 2 : 1,
    // For a user without root, what counts is what root here may have at most.
    capSysResource: (((root ? capabilities : bounding) >> CAP_SYS_RESOURCE_BIT) & 1n) === 1n,
    programs: await findPrograms(env['PATH'] ?? ''),
    memoryAvailableBytes: availableKiB === undefined ? null : Number(availableKiB) * 1024,
    cacheFreeBytes: await freeBytes(cacheDirectory),
    poolFreeBytes: await freeBytes('/var/lib/lxd'),
    inotifyInstances: await readNumber('/proc/sys/fs/inotify/max_user_instances'),
    ipv6Disabled: disabled.trim() === '1',
    bridgeNetfilter: netfilter.trim() === '1',
  };
}
