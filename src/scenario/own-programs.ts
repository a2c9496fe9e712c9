/** Every program of a node that can be one of the user's own; a test compares them with `components.json`. */
export const PROGRAMS = [
  'kubelet',
  'kubeadm',
  'kubectl',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'containerd',
  'ctr',
  'containerd-shim-runc-v2',
  'etcd',
  'etcdctl',
  'coredns',
  'bandwidth',
  'bridge',
  'host-local',
  'loopback',
  'portmap',
  'ptp',
  'flanneld',
] as const;

/** Those that run in container images made from scratch, where no library is; a test compares them with `containers.json`. */
export const STATIC_PROGRAMS: readonly string[] = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'etcd',
  'etcdctl',
  'coredns',
  'flanneld',
];
