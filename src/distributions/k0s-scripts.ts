import type { NodeFile } from '../providers/provider.ts';

/** Programs that k0s starts, by the part of a node that needs them (`k0s` without embedded components looks for each by itself, late). */
export const CONTROLLER_COMPONENTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const;
export const WORKER_COMPONENTS = ['kubelet', 'containerd', 'containerd-shim-runc-v2', 'runc'] as const;

const FOLDER = '/etc/twinstack';

/** Names each program that is missing where k0s looks: its own folder, then PATH. */
export const COMPONENTS_SCRIPT: NodeFile = {
  path: `${FOLDER}/k0s-components.sh`,
  mode: 0o755,
  content: `#!/bin/sh
missing=
for name in "$@"; do
  [ -x "/var/lib/k0s/bin/$name" ] || command -v "$name" >/dev/null || missing="$missing $name"
done
[ -z "$missing" ] && exit 0
echo "missing:$missing" >&2
exit 1
`,
};

/** Prints the administrator's kubeconfig, or what the controller said last. */
export const KUBECONFIG_SCRIPT: NodeFile = {
  path: `${FOLDER}/k0s-kubeconfig.sh`,
  mode: 0o755,
  content: `#!/bin/sh
k0s kubeconfig admin 2>/dev/null && exit 0
journalctl --unit=k0scontroller --lines=3 --output=cat --no-pager >&2
exit 1
`,
};

/** The status of {@link JOINED_SCRIPT} for a token that will not be taken. */
export const REFUSED_STATUS = 3;

/**
 * Whether the API server took the worker's token: the kubelet then has a kubeconfig of its own. Else what the worker said last. A token that
 * was just made may be refused once or twice, until every part of the API server has heard of it; refused again and again it is no good.
 */
export const JOINED_SCRIPT: NodeFile = {
  path: `${FOLDER}/k0s-joined.sh`,
  mode: 0o755,
  content: `#!/bin/sh
[ -s /var/lib/k0s/kubelet.conf ] && exit 0
said=$(journalctl --unit=k0sworker --lines=50 --output=cat --no-pager)
echo "$said" | tail -n 3 >&2
[ "$(echo "$said" | grep -c Unauthorized)" -ge 5 ] && exit ${REFUSED_STATUS}
exit 1
`,
};
