#!/bin/sh
# A STAND-IN for cloud-init in tests: sets what LXD's socket has as cloud-init.network-config, in the form that twinstack writes it.
set -eu
config=$(curl --silent --fail --unix-socket /dev/lxd/sock http://lxd/1.0/config/cloud-init.network-config)
echo "$config" | grep -q '^    accept-ra: false$'
ip link set dev eth0 up
for address in $(echo "$config" | sed -n 's|^      - \([0-9a-f.:]*/[0-9]*\)$|\1|p'); do
  case $address in
    *:*) ip -6 address replace "$address" dev eth0 ;;
    *) ip -4 address replace "$address" dev eth0 ;;
  esac
done
for gateway in $(echo "$config" | sed -n 's|^        via: ||p'); do
  case $gateway in
    *:*) ip -6 route replace default via "$gateway" dev eth0 ;;
    *) ip -4 route replace default via "$gateway" dev eth0 ;;
  esac
done
