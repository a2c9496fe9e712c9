import { cloudInitConfig } from './lxc-cloud-init.ts';
import { cgroupSettings, type CgroupVersion } from '../../host/cgroup-settings.ts';
import { encodeLease } from '../../run/lease.ts';
import type { EngineResourceSpec, Owner } from '../provider.ts';

/** The label that makes an object ours; its value is the run's id. */
export const RUN_LABEL = 'user.twinstack.run';
/** The label that says whose run it is. */
export const LEASE_LABEL = 'user.twinstack.lease';
/** The label of what stays on purpose. */
export const CACHE_LABEL = 'user.twinstack.cache';

/** A request to the engine's REST API that creates an object together with its labels. */
export interface CreateRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * What a Kubernetes node needs of its container. It is privileged: root inside is root outside, which the README says in plain
 * words. `lxc.mount.auto` gives kubelet and kube-proxy a writable /proc, /sys and cgroup tree.
 */
export function nodeConfig(cgroupVersion: CgroupVersion): Record<string, string> {
  return {
    'security.privileged': 'true',
    'security.nesting': 'true',
    // A host that restarts must not bring back the nodes of a run whose owner is gone.
    'boot.autostart': 'false',
    'raw.lxc': [
      'lxc.apparmor.profile=unconfined',
      'lxc.mount.auto=proc:rw sys:rw cgroup:rw:force',
      ...cgroupSettings(cgroupVersion).rawLxc,
      'lxc.cap.drop=',
      '',
    ].join('\n'),
  };
}

function networkConfig(spec: Extract<EngineResourceSpec, { kind: 'network' }>): Record<string, string> {
  const config: Record<string, string> = { 'ipv4.address': 'none', 'ipv6.address': 'none' };
  for (const { family, cidr, gateway } of spec.ranges) {
    const prefix = family.toLowerCase();
    config[`${prefix}.address`] = `${gateway}/${cidr.split('/')[1]}`;
    config[`${prefix}.dhcp`] = 'false';
    config[`${prefix}.nat`] = spec.egress === 'open' ? 'true' : 'false';
  }
  if (spec.acl !== null) {
    config['security.acls'] = spec.acl;
    // Refused at once rather than dropped: a program that tries to get out does not hang.
    config['security.acls.default.egress.action'] = 'reject';
    config['security.acls.default.ingress.action'] = 'allow';
    // The engine lets nodes ask its DNS forwarder whatever the ACL says: a question would be a way out.
    config['raw.dnsmasq'] = 'port=0';
  }
  return config;
}

/** Linux's numbers of its loop devices: they are made in the node, whether or not the host has their files. */
const LOOP_CONTROL = { major: '10', minor: '237' };
const LOOP_MAJOR = '7';
/** As many as Canonical's own harness gives a node: snapd mounts each snap through one. */
const LOOP_DEVICES = 17;

function loopDevices(): Record<string, Record<string, string>> {
  const loops = Array.from({ length: LOOP_DEVICES }, (_, number): [string, Record<string, string>] => [
    `loop${number}`,
    { type: 'unix-block', path: `/dev/loop${number}`, major: LOOP_MAJOR, minor: String(number) },
  ]);
  const control = { type: 'unix-char', path: '/dev/loop-control', ...LOOP_CONTROL };
  return { 'loop-control': control, ...Object.fromEntries(loops) };
}

/** Modules that the engine loads before a node starts; a name that the kernel can't load would keep the node from starting. */
function moduleConfig(
  snap: Extract<EngineResourceSpec, { kind: 'profile' }>['snap'],
): Record<string, string> {
  const modules = snap?.kernelModules ?? [];
  return modules.length === 0 ? {} : { 'linux.kernel_modules': modules.join(',') };
}

/** For our own image, in which a unit reads them of PID 1. */
function addressEnvironment({
  addresses,
  gateways,
  hosts,
}: Extract<EngineResourceSpec, { kind: 'instance' }>): Record<string, string> {
  return {
    'environment.TWINSTACK_ADDRESSES': addresses.join(' '),
    'environment.TWINSTACK_GATEWAYS': gateways.join(' '),
    'environment.TWINSTACK_HOSTS': hosts.map(({ address, name }) => `${address}=${name}`).join(' '),
  };
}

/** What makes an object ours, and says whose it is. */
export function labelsOf(owner: Owner): Record<string, string> {
  return { [RUN_LABEL]: owner.runId, [LEASE_LABEL]: encodeLease(owner.lease) };
}

/** An instance that is never started: the engine unpacks an image into a pool when the first instance of it is made. */
export function unpackRequest(image: string, instance: string, pool: string, owner: Owner): CreateRequest {
  return {
    path: '/1.0/instances',
    body: {
      name: instance,
      description: `twinstack run ${owner.runId}: unpacks an image`,
      type: 'container',
      profiles: [],
      source: { type: 'image', fingerprint: image },
      config: labelsOf(owner),
      devices: { root: { type: 'disk', path: '/', pool } },
    },
  };
}

/** The request that creates an object with its labels, as data: `create` sends it and `plan` prints it. */
export function createRequest(spec: EngineResourceSpec, owner: Owner): CreateRequest {
  const labels = labelsOf(owner);
  const description = `twinstack run ${owner.runId}`;
  switch (spec.kind) {
    case 'network-acl':
      return {
        path: '/1.0/network-acls',
        body: {
          name: spec.name,
          description,
          config: labels,
          egress: [],
          // Where bridged packets pass the host's firewall (br_netfilter), traffic between nodes both leaves and enters the bridge.
          // A written rule comes before the defaults, so this one accepts it before the default for what leaves refuses it.
          ingress: [{ action: 'allow', state: 'enabled' }],
        },
      };
    case 'network':
      return {
        path: '/1.0/networks',
        body: { name: spec.name, description, type: 'bridge', config: { ...networkConfig(spec), ...labels } },
      };
    case 'profile':
      return {
        path: '/1.0/profiles',
        body: {
          name: spec.name,
          description,
          config: { ...nodeConfig(spec.cgroupVersion), ...moduleConfig(spec.snap), ...labels },
          devices: {
            root: { type: 'disk', path: '/', pool: spec.pool },
            eth0: { type: 'nic', name: 'eth0', network: spec.network },
            kmsg: { type: 'unix-char', source: '/dev/kmsg', path: '/dev/kmsg' },
            ...(spec.snap === null ? {} : loopDevices()),
          },
        },
      };
    case 'instance':
      return {
        path: '/1.0/instances',
        body: {
          name: spec.name,
          description,
          type: 'container',
          profiles: [spec.profile],
          source: { type: 'image', fingerprint: spec.image },
          config: {
            ...labels,
            'user.twinstack.role': spec.role,
            ...(spec.cloudInit === null ? addressEnvironment(spec) : cloudInitConfig(spec, spec.cloudInit)),
          },
        },
      };
  }
}

/** Where an object of a kind is found and deleted. */
export function objectPath(kind: EngineResourceSpec['kind'], name: string): string {
  const collections = {
    instance: 'instances',
    profile: 'profiles',
    network: 'networks',
    'network-acl': 'network-acls',
  } as const;
  return `/1.0/${collections[kind]}/${encodeURIComponent(name)}`;
}
