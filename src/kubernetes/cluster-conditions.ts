import type { V1EndpointSlice, V1Node, V1Pod } from '@kubernetes/client-node';
import { waitForDaemonPod } from './daemonset-on-node.ts';
import { waitForWorkload } from './workload-ready.ts';
import { namingNetwork } from './network-ready.ts';
import { watchUntil } from './watch-list.ts';
import { addressFamily } from '../network/ip-address.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { Look } from '../run/wait-until.ts';
import { addressValue, type ClusterCondition } from '../plan/plan.ts';
import type { CallOptions } from '../providers/provider.ts';
import type { IPFamily } from '../scenario/scenario.ts';

/** The family of a range or address as Kubernetes writes it. */
export function familyOf(addressOrRange: string): IPFamily {
  return addressFamily(addressOrRange.split('/')[0] ?? '');
}

/** Each node's pod range of each family, or the nodes that still lack one. */
export function lookForPodCIDRs(
  objects: readonly V1Node[],
  nodes: readonly string[],
  families: readonly IPFamily[],
): Look<Map<string, string>> {
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const name of nodes) {
    const podCIDRs = objects.find((node) => node.metadata?.name === name)?.spec?.podCIDRs ?? [];
    for (const family of families) {
      const range = podCIDRs.find((candidate) => familyOf(candidate) === family);
      if (range === undefined) missing.push(`${name} has no ${family} pod range`);
      else values.set(`podCIDR.${name}.${family}`, range);
    }
  }
  return missing.length === 0 ? { met: true, value: values } : { met: false, missing: missing.join('; ') };
}

/** Whether every named node has an InternalIP of each family, as values `address.<node>.<family>`, or what is missing. */
export function lookForNodeAddresses(
  objects: readonly V1Node[],
  nodes: readonly string[],
  families: readonly IPFamily[],
): Look<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const name of nodes) {
    const addresses = objects.find((node) => node.metadata?.name === name)?.status?.addresses ?? [];
    for (const family of families) {
      const found = addresses.find(
        ({ type, address }) => type === 'InternalIP' && familyOf(address) === family,
      );
      if (found === undefined) missing.push(`${name} has no ${family} InternalIP`);
      else values.set(addressValue(name, family), found.address);
    }
  }
  return missing.length === 0 ? { met: true, value: values } : { met: false, missing: missing.join('; ') };
}

/** Whether every named node is Ready, or which is not and what it says. */
export function lookForReadyNodes(objects: readonly V1Node[], nodes: readonly string[]): Look<null> {
  const missing = nodes.flatMap((name) => {
    const node = objects.find((candidate) => candidate.metadata?.name === name);
    if (node === undefined) return [`${name} is not registered`];
    const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
    return ready?.status === 'True'
      ? []
      : [`${name} is not Ready: ${ready?.message ?? 'it has not said why'}`];
  });
  return missing.length === 0 ? { met: true, value: null } : { met: false, missing: missing.join('; ') };
}

/** Whether there is a ready endpoint for each family. */
export function lookForReadyEndpoints(
  slices: readonly V1EndpointSlice[],
  families: readonly IPFamily[],
): Look<Map<IPFamily, string[]>> {
  const addresses = new Map<IPFamily, string[]>();
  for (const family of families) {
    const ready = slices
      .filter((slice) => slice.addressType === family)
      .flatMap((slice) => slice.endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready === true)
      .flatMap((endpoint) => endpoint.addresses);
    if (ready.length > 0) addresses.set(family, ready);
  }
  const missing = families.filter((family) => !addresses.has(family));
  if (missing.length === 0) return { met: true, value: addresses };
  return { met: false, missing: `no ready endpoint for ${missing.join(' and ')}` };
}

/** Pods that are neither Ready nor done, with the reason that their containers give. */
export function lookForReadyPods(pods: readonly V1Pod[]): Look<number> {
  const missing = pods.flatMap((pod) => {
    if (pod.status?.phase === 'Succeeded') return [];
    if (pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) return [];
    const waiting = pod.status?.containerStatuses?.map(({ state }) => state?.waiting?.reason).find(Boolean);
    return [
      `${pod.metadata?.namespace}/${pod.metadata?.name} is ${waiting ?? pod.status?.phase ?? 'unknown'}`,
    ];
  });
  if (pods.length === 0) return { met: false, missing: 'there are no pods' };
  return missing.length === 0
    ? { met: true, value: pods.length }
    : { met: false, missing: missing.join('; ') };
}

/** Waits for a state of the cluster by watching. @returns the values that it gives to later actions. */
export async function waitForCondition(
  cluster: ClusterClient,
  condition: ClusterCondition,
  options: CallOptions,
): Promise<ReadonlyMap<string, string>> {
  const { config } = cluster;
  switch (condition.type) {
    case 'pod-cidrs':
      return watchUntil(
        {
          config,
          path: '/api/v1/nodes',
          list: () => cluster.core.listNode(),
          condition: `every node has a pod range for ${condition.families.join(' and ')}`,
          ...options,
        },
        (nodes) => lookForPodCIDRs(nodes, condition.nodes, condition.families),
      );
    case 'node-addresses':
      return watchUntil(
        {
          config,
          path: '/api/v1/nodes',
          list: () => cluster.core.listNode(),
          condition: `every node has an address of ${condition.families.join(' and ')}`,
          ...options,
        },
        (nodes) => lookForNodeAddresses(nodes, condition.nodes, condition.families),
      );
    case 'nodes-ready': {
      const wait = () =>
        watchUntil(
          {
            config,
            path: '/api/v1/nodes',
            list: () => cluster.core.listNode(),
            condition: 'every node is Ready',
            ...options,
          },
          (nodes) => lookForReadyNodes(nodes, condition.nodes),
        );
      if (condition.waitsFor === undefined) await wait();
      else await namingNetwork(cluster, condition.waitsFor, wait);
      return new Map();
    }
    case 'daemonset-ready': {
      const { namespace, name } = condition;
      await watchUntil(
        {
          config,
          path: `/apis/apps/v1/namespaces/${namespace}/daemonsets`,
          list: () => cluster.apps.listNamespacedDaemonSet({ namespace }),
          condition: `daemonset ${name} runs on every node`,
          ...options,
        },
        (sets) => {
          const status = sets.find((set) => set.metadata?.name === name)?.status;
          const wanted = status?.desiredNumberScheduled ?? 0;
          const ready = status?.numberReady ?? 0;
          return wanted > 0 && ready === wanted
            ? { met: true, value: null }
            : { met: false, missing: `${ready} of ${wanted} pods are ready` };
        },
      );
      return new Map();
    }
    case 'daemonset-on-node':
      await waitForDaemonPod(cluster, condition, options);
      return new Map();
    case 'workload-ready':
      await waitForWorkload(cluster, condition, options);
      return new Map();
    case 'service-ready': {
      const { namespace, name, families } = condition;
      const labelSelector = `kubernetes.io/service-name=${name}`;
      await watchUntil(
        {
          config,
          path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
          list: () => cluster.discovery.listNamespacedEndpointSlice({ namespace, labelSelector }),
          labelSelector,
          condition: `service ${name} has ready endpoints for ${families.join(' and ')}`,
          ...options,
        },
        (slices) => lookForReadyEndpoints(slices, families),
      );
      return new Map();
    }
  }
}
