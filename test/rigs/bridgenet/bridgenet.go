// Package bridgenet is the network that the stand-ins have where the real programs bring one of their own: a bridge on each node, routes
// between nodes, and no NAT between pods.
package bridgenet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// NodeList is what it needs of the cluster's nodes, as the Kubernetes API has them.
type NodeList struct {
	Items []struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			PodCIDRs []string `json:"podCIDRs"`
		} `json:"spec"`
		Status struct {
			Addresses []struct {
				Type    string `json:"type"`
				Address string `json:"address"`
			} `json:"addresses"`
		} `json:"status"`
	} `json:"items"`
}

// Network is one node's part of it.
type Network struct {
	// Name is that of the stand-in, in what is written for CNI and for nft.
	Name   string
	Bridge string
	// Node is the name of the node that this is.
	Node string
	// Pods and Services are the ranges of the cluster, with commas between.
	Pods, Services string
	RulesFile      string
	// Run starts a program and waits for it.
	Run func(name string, args ...string) error
}

// ConflistFile is where containerd looks for the network's configuration.
func (n Network) ConflistFile() string {
	return "/etc/cni/net.d/10-" + n.Name + ".conflist"
}

// Connect writes what the nodes' ranges and addresses ask for, as far as it is not there yet.
func (n Network) Connect(nodes NodeList) error {
	inside := append(strings.Split(n.Pods, ","), strings.Split(n.Services, ",")...)
	for _, node := range nodes.Items {
		for _, address := range node.Status.Addresses {
			if address.Type == "InternalIP" {
				inside = append(inside, address.Address)
			}
		}
		if node.Metadata.Name == n.Node {
			if len(node.Spec.PodCIDRs) > 0 {
				if err := n.WriteConflist(node.Spec.PodCIDRs); err != nil {
					return err
				}
			}
			continue
		}
		for _, cidr := range node.Spec.PodCIDRs {
			for _, address := range node.Status.Addresses {
				if address.Type == "InternalIP" && isIPv6(address.Address) == isIPv6(cidr) {
					if err := n.Run("ip", "route", "replace", cidr, "via", address.Address); err != nil {
						return err
					}
				}
			}
		}
	}
	changed, err := WriteIfNew(n.RulesFile, n.masquerade(inside))
	if err != nil || !changed {
		return err
	}
	return n.Run("nft", "-f", n.RulesFile)
}

// WriteConflist gives the node's pods an address of each range.
func (n Network) WriteConflist(podCIDRs []string) error {
	var ranges, routes []string
	for _, cidr := range podCIDRs {
		ranges = append(ranges, fmt.Sprintf(`[{"subnet":%q}]`, cidr))
		all := "0.0.0.0/0"
		if isIPv6(cidr) {
			all = "::/0"
		}
		routes = append(routes, fmt.Sprintf(`{"dst":%q}`, all))
	}
	_, err := WriteIfNew(n.ConflistFile(), fmt.Sprintf(`{"cniVersion":"1.0.0","name":%q,"plugins":[{"type":"bridge","bridge":%q,"isGateway":true,"ipMasq":false,"hairpinMode":true,"ipam":{"type":"host-local","ranges":[%s],"routes":[%s]}},{"type":"portmap","capabilities":{"portMappings":true}}]}
`, n.Name, n.Bridge, strings.Join(ranges, ","), strings.Join(routes, ",")))
	return err
}

// masquerade hides what leaves the cluster behind the node, and nothing else.
func (n Network) masquerade(inside []string) string {
	var rules strings.Builder
	for _, own := range strings.Split(n.Pods, ",") {
		var same []string
		for _, address := range inside {
			if isIPv6(address) == isIPv6(own) {
				same = append(same, address)
			}
		}
		family := map[bool]string{false: "ip", true: "ip6"}[isIPv6(own)]
		fmt.Fprintf(&rules, "    %s saddr %s %s daddr != { %s } masquerade\n", family, own, family, strings.Join(same, ", "))
	}
	table := "table inet " + n.Name
	return table + "\ndelete " + table + "\n" + table + " {\n  chain postrouting {\n    type nat hook postrouting priority srcnat; policy accept;\n" + rules.String() + "  }\n}\n"
}

func isIPv6(text string) bool {
	return strings.Contains(text, ":")
}

// WriteIfNew writes a file unless it has this content, and says whether it wrote.
func WriteIfNew(name, content string) (bool, error) {
	if there, err := os.ReadFile(name); err == nil && string(there) == content {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return false, err
	}
	return true, os.WriteFile(name, []byte(content), 0o644)
}
