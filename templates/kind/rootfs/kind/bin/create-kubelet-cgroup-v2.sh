#!/bin/sh
# The cgroup that kind's configuration names, with every controller: the kubelet makes what is below it, and not itself.
set -eu
root=/sys/fs/cgroup
if [ ! -f "$root/cgroup.controllers" ]; then
  # Version 1: the entrypoint made it.
  exit 0
fi
for controller in $(cat "$root/cgroup.controllers"); do
  echo "+$controller" >"$root/cgroup.subtree_control" || echo "no controller $controller for the kubelet" >&2
done
for cgroup in kubelet kubelet.slice; do
  mkdir -p "$root/$cgroup"
  for controller in $(cat "$root/cgroup.controllers"); do
    echo "+$controller" >"$root/$cgroup/cgroup.subtree_control" 2>/dev/null || true
  done
done
