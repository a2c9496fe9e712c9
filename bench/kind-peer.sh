#!/usr/bin/env bash
# What a careful person writes by hand where twinstack is not at hand: a dual-stack cluster of one node with `kind create cluster`,
# nginx with `kubectl apply`, both ClusterIPs with `curl`. `npm run bench` measures it beside our runs.
#
#   kind-peer.sh KIND NODE_IMAGE MANIFEST
#
# Prints a line "PHASE MILLISECONDS" for each phase; progress goes to standard error. Needs docker.
set -euo pipefail

kind=$1 image=$2 manifest=$3
name="bench-peer-$$"
node="$name-control-plane"
work=$(mktemp -d)
ready_s=120

now() { date +%s%3N; }
in_node() { docker exec --interactive "$node" "$@"; }

clean() {
  "$kind" delete cluster --name "$name" --kubeconfig "$work/kubeconfig" >&2 || true
  docker network rm "$name" >&2 || true
  rm -rf "$work"
}
trap clean EXIT

# Until ADDRESS answers with something, at most ready_s seconds after the manifest was applied.
answer() {
  local url="http://$1/" said
  if [[ $1 == *:* ]]; then url="http://[$1]/"; fi
  while (($(now) - applied < ready_s * 1000)); do
    said=$(in_node curl --silent --fail --max-time 2 "$url" </dev/null) || said=''
    if [[ -n $said ]]; then
      echo "$url answered" >&2
      return
    fi
    sleep 0.1
  done
  echo "$url did not answer within $ready_s s" >&2
  return 1
}

export KIND_EXPERIMENTAL_PROVIDER=docker
export KIND_EXPERIMENTAL_DOCKER_NETWORK=$name
subnet=$(printf 'fd%02x:%04x:%04x::/64' $((RANDOM % 256)) $RANDOM $RANDOM)
docker network create --driver bridge --ipv6 --subnet "$subnet" \
  --opt com.docker.network.bridge.enable_ip_masquerade=false "$name" >&2

started=$(now)
# No --wait: the node is awaited by what is asked of it.
"$kind" create cluster --name "$name" --image "$image" --kubeconfig "$work/kubeconfig" --config - >&2 <<'CONFIG'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking:
  ipFamily: dual
  kubeProxyMode: nftables
kubeadmConfigPatches:
  - |
    kind: KubeletConfiguration
    failCgroupV1: false
CONFIG
created=$(now)
in_node kubectl --kubeconfig /etc/kubernetes/admin.conf apply --filename - <"$manifest" >&2
applied=$(now)
addresses=$(in_node kubectl --kubeconfig /etc/kubernetes/admin.conf get service nginx-dualstack \
  --output 'jsonpath={.spec.clusterIPs[*]}' </dev/null)
read -r -a both <<<"$addresses"
if ((${#both[@]} != 2)); then
  echo "the Service has ${#both[@]} ClusterIPs and not 2: $addresses" >&2
  exit 1
fi
for address in "${both[@]}"; do answer "$address"; done
answered=$(now)

trap - EXIT
clean
deleted=$(now)
echo "create $((created - started))"
echo "apply $((applied - created))"
echo "answer $((answered - applied))"
echo "delete $((deleted - answered))"
