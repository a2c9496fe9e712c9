#!/bin/sh
# Sets the addresses, routes and host names that the cluster's plan already knows. Safe to run again.
#
#   TWINSTACK_ADDRESSES  addresses with prefix length, of either family: 10.88.0.11/24 fd42:88::11/64
#   TWINSTACK_GATEWAYS   default gateways, at most one of each family:    10.88.0.1 fd42:88::1
#   TWINSTACK_HOSTS      lines for /etc/hosts, as address=name:           10.88.0.11=n1 10.88.0.12=n2
#   TWINSTACK_INTERFACE  the interface; eth0 when not given
#
# They are PID 1's environment, which LXD and Incus fill from `environment.*`. systemd drops it from what its services can see
# (PassEnvironment= and ConditionEnvironment= find nothing), so we read it from the kernel.
set -eu

initial() {
  tr '\0' '\n' </proc/1/environ | sed -n "s/^$1=//p"
}

addresses=$(initial TWINSTACK_ADDRESSES)
gateways=$(initial TWINSTACK_GATEWAYS)
hosts=$(initial TWINSTACK_HOSTS)
interface=$(initial TWINSTACK_INTERFACE)
interface=${interface:-eth0}

# Not every container has a plan: one that is started by hand is left to whoever started it.
if [ -z "$addresses" ]; then
  echo "TWINSTACK_ADDRESSES is not set: leaving $interface as it is"
  exit 0
fi

ip link set dev "$interface" up

for address in $addresses; do
  case $address in
    # nodad: the plan gives each address once, and a tentative address can't be bound for more than a second.
    *:*) ip -6 address replace "$address" dev "$interface" nodad ;;
    *) ip -4 address replace "$address" broadcast + dev "$interface" ;;
  esac
done

# Both families need a default route: a ClusterIP is routed before it is translated, and without one it is unreachable.
for gateway in $gateways; do
  case $gateway in
    *:*) ip -6 route replace default via "$gateway" dev "$interface" ;;
    *) ip -4 route replace default via "$gateway" dev "$interface" ;;
  esac
done

if [ -n "$hosts" ]; then
  {
    cat /usr/local/lib/twinstack/hosts
    for entry in $hosts; do
      printf '%s %s\n' "${entry%%=*}" "${entry#*=}"
    done
  } >/etc/hosts.new
  mv /etc/hosts.new /etc/hosts
fi
