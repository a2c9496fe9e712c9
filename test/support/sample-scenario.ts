import type { Scenario } from '../../src/scenario/scenario.ts';

/** A dual-stack scenario as it comes out of the loader; `change` replaces top-level keys. */
export function sampleScenario(change: Partial<Scenario> = {}): Scenario {
  return {
    name: 'quickstart',
    description: '',
    provider: 'lxd',
    nodes: { controlPlanes: 1, workers: 0, controllerRole: null },
    network: {
      families: ['IPv4', 'IPv6'],
      primaryFamily: 'IPv4',
      pods: ['10.1.0.0/16', 'fd01::/108'],
      services: ['10.152.183.0/24', 'fd98::/108'],
      isWritten: { pods: true, services: true },
      nodeMasks: { IPv4: 24, IPv6: 117 },
      bridge: { IPv4: null, IPv6: null },
    },
    egress: 'blocked',
    image: null,
    images: [],
    binaries: {},
    distribution: { name: 'kubeadm', version: '1.36.3' },
    cni: { name: 'bridge', mode: null, manifest: null },
    bootstrap: 'file',
    dialogue: {
      mode: 'pipe',
      prompts: null,
      timeouts: { promptMs: 60_000, silenceMs: 30_000, endMs: 600_000 },
    },
    features: null,
    install: { from: 'preinstalled' },
    binary: null,
    kubeProxy: { mode: 'nftables' },
    featureGates: {},
    extraArgs: {},
    workloads: ['nginxdualstack'],
    tests: [],
    expect: 'passed',
    retries: 0,
    timeoutMs: 600_000,
    ...change,
  };
}

export const IPV6_PRIMARY: Partial<Scenario> = {
  network: {
    families: ['IPv6', 'IPv4'],
    primaryFamily: 'IPv6',
    pods: ['fd01::/108', '10.1.0.0/16'],
    services: ['fd98::/108', '10.152.183.0/24'],
    isWritten: { pods: true, services: true },
    nodeMasks: { IPv4: 24, IPv6: 117 },
    bridge: { IPv4: null, IPv6: null },
  },
};

export const IPV6_ONLY: Partial<Scenario> = {
  network: {
    families: ['IPv6'],
    primaryFamily: 'IPv6',
    pods: ['fd01::/108'],
    services: ['fd98::/108'],
    isWritten: { pods: true, services: true },
    nodeMasks: { IPv4: null, IPv6: 117 },
    bridge: { IPv4: null, IPv6: null },
  },
};

export const IPV4_ONLY: Partial<Scenario> = {
  network: {
    families: ['IPv4'],
    primaryFamily: 'IPv4',
    pods: ['10.1.0.0/16'],
    services: ['10.152.183.0/24'],
    isWritten: { pods: true, services: true },
    nodeMasks: { IPv4: 24, IPv6: null },
    bridge: { IPv4: null, IPv6: null },
  },
};

export const THREE_NODES: Partial<Scenario> = {
  nodes: { controlPlanes: 1, workers: 2, controllerRole: null },
};

/** Canonical Kubernetes as its how-to has it, bootstrapped by answering its questions. */
export const K8S_SNAP: Partial<Scenario> = {
  name: 'k8s-snap',
  distribution: { name: 'k8s-snap', version: '1.36.3' },
  cni: { name: 'distribution', mode: null, manifest: null },
  bootstrap: 'interactive',
  features: ['network', 'dns'],
};
