import test from 'ava';
import { unreadyParts } from '../../../src/kubernetes/network-ready.ts';
import type { V1DaemonSet, V1Pod } from '@kubernetes/client-node';
import type { WorkloadRef } from '../../../src/plan/plan.ts';

const NET: WorkloadRef = { kind: 'DaemonSet', namespace: 'kube-system', name: 'net' };
const OPERATOR: WorkloadRef = { kind: 'Deployment', namespace: 'kube-system', name: 'operator' };

const set = (ready: number, wanted: number): V1DaemonSet => ({
  metadata: { name: 'net', namespace: 'kube-system', generation: 1 },
  status: {
    observedGeneration: 1,
    numberReady: ready,
    desiredNumberScheduled: wanted,
    updatedNumberScheduled: wanted,
    currentNumberScheduled: wanted,
    numberMisscheduled: 0,
  },
});

function pod(name: string, reason: string | null, init: string | null = null): V1Pod {
  const waiting = (why: string | null) =>
    why === null
      ? []
      : [
          {
            name: 'a',
            image: '',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: why } },
          },
        ];
  return {
    metadata: { name, namespace: 'kube-system' },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'Ready', status: reason === null ? 'True' : 'False' }],
      containerStatuses: waiting(reason),
      initContainerStatuses: waiting(init),
    },
  };
}

const cases: [string, string[], V1DaemonSet[], V1Pod[]][] = [
  ['all of it is ready', [], [set(2, 2)], [pod('net-a', null), pod('net-b', null), pod('operator-1', null)]],
  [
    'a pod of one node is not',
    ['DaemonSet kube-system/net: 1 of 2 pods are ready', 'pod kube-system/net-b: it is ErrImagePull'],
    [set(1, 2)],
    [pod('net-a', null), pod('net-b', 'ErrImagePull')],
  ],
  [
    'an init container is what its pod waits for',
    ['DaemonSet kube-system/net: 0 of 1 pods are ready', 'pod kube-system/net-a: it is CrashLoopBackOff'],
    [set(0, 1)],
    [pod('net-a', 'PodInitializing', 'CrashLoopBackOff')],
  ],
  ['its selector fits no node', ['DaemonSet kube-system/net wants no pod on any node'], [set(0, 0)], []],
  ['it was removed', ['DaemonSet kube-system/net is not there'], [], []],
  [
    'its operator is not',
    ['Deployment kube-system/operator is not ready', 'pod kube-system/operator-1: it is ImagePullBackOff'],
    [set(1, 1)],
    [pod('net-a', null), pod('operator-1', 'ImagePullBackOff')],
  ],
];
for (const [name, expected, sets, pods] of cases) {
  test(`a network that does not come up: ${name}`, (t) => {
    t.deepEqual(unreadyParts([NET, OPERATOR], sets, pods), expected);
  });
}

test("other programs' pods are not named", (t) => {
  const others = [pod('coredns-1', 'ContainerCreating'), pod('network-a', 'ErrImagePull')];
  t.deepEqual(unreadyParts([NET], [set(1, 1)], others), []);
});
