package main

import (
	"fmt"
	"net"
	"sort"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	listers "k8s.io/client-go/listers/core/v1"
)

// node is what matters here of a Kubernetes node.
type node struct {
	name      string
	podCIDRs  []*net.IPNet
	addresses []net.IP
}

func listNodes(lister listers.NodeLister) ([]node, error) {
	found, err := lister.List(labels.Everything())
	if err != nil {
		return nil, err
	}
	nodes := make([]node, 0, len(found))
	for _, item := range found {
		parsed, err := nodeOf(item)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, parsed)
	}
	sort.Slice(nodes, func(i, j int) bool { return nodes[i].name < nodes[j].name })
	return nodes, nil
}

func nodeOf(item *corev1.Node) (node, error) {
	result := node{name: item.Name}
	for _, cidr := range item.Spec.PodCIDRs {
		_, parsed, err := net.ParseCIDR(cidr)
		if err != nil {
			return node{}, fmt.Errorf("node %s: %w", item.Name, err)
		}
		result.podCIDRs = append(result.podCIDRs, parsed)
	}
	for _, address := range item.Status.Addresses {
		if address.Type != corev1.NodeInternalIP {
			continue
		}
		if ip := net.ParseIP(address.Address); ip != nil {
			result.addresses = append(result.addresses, ip)
		}
	}
	return result, nil
}

// addressFor gives the node's address of the same family as a range; nil when it has none yet.
func (n node) addressFor(cidr *net.IPNet) net.IP {
	for _, address := range n.addresses {
		if isIPv4(address) == isIPv4(cidr.IP) {
			return address
		}
	}
	return nil
}

func isIPv4(ip net.IP) bool {
	return ip.To4() != nil
}
