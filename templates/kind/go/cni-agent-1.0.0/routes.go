package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// protocol marks our routes, so that those of a node that is gone can be told from everybody else's.
const protocol = netlink.RouteProtocol(117)

// unreachableMetric puts the route for ranges that no node has behind every other.
const unreachableMetric = 4096

// keepRoutes makes the routes to the pods of other nodes what they should be, and removes those of nodes that are gone. A pod range's
// other packets go nowhere: they must not follow the default route out of the cluster.
func keepRoutes(others []node, podRanges []*net.IPNet) error {
	wanted := map[string]netlink.Route{}
	for _, other := range others {
		for _, cidr := range other.podCIDRs {
			gateway := other.addressFor(cidr)
			if gateway == nil {
				continue
			}
			link, err := linkTowards(gateway)
			if err != nil {
				return fmt.Errorf("no way to %s of node %s: %w", gateway, other.name, err)
			}
			wanted[cidr.String()] = netlink.Route{
				Dst: cidr, Gw: gateway, LinkIndex: link, Protocol: protocol,
			}
		}
	}
	for _, cidr := range podRanges {
		wanted["unreachable "+cidr.String()] = netlink.Route{
			Dst: cidr, Type: unix.RTN_UNREACHABLE, Priority: unreachableMetric, Protocol: protocol,
		}
	}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		there, err := netlink.RouteListFiltered(family, &netlink.Route{Protocol: protocol}, netlink.RT_FILTER_PROTOCOL)
		if err != nil {
			return fmt.Errorf("listing routes: %w", err)
		}
		for _, route := range there {
			if route.Dst == nil {
				continue
			}
			key := route.Dst.String()
			if route.Type == unix.RTN_UNREACHABLE {
				key = "unreachable " + key
			}
			if _, keep := wanted[key]; keep {
				continue
			}
			if err := netlink.RouteDel(&route); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("removing the route to %s: %w", route.Dst, err)
			}
		}
	}
	for key, route := range wanted {
		if err := netlink.RouteReplace(&route); err != nil {
			return fmt.Errorf("route to %s: %w", key, err)
		}
	}
	return nil
}

// linkTowards gives the link by which the kernel reaches an address.
func linkTowards(address net.IP) (int, error) {
	routes, err := netlink.RouteGet(address)
	if err != nil {
		return 0, err
	}
	if len(routes) == 0 {
		return 0, errors.New("no route")
	}
	return routes[0].LinkIndex, nil
}

// linkMTU gives the MTU of the link that has one of these addresses: a pod's packet must fit the link between nodes.
func linkMTU(addresses []net.IP) (int, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		found, err := netlink.AddrList(link, netlink.FAMILY_ALL)
		if err != nil {
			return 0, err
		}
		for _, address := range found {
			for _, wanted := range addresses {
				if address.IP.Equal(wanted) {
					return link.Attrs().MTU, nil
				}
			}
		}
	}
	return 0, fmt.Errorf("no link has the node's address %v", addresses)
}
