package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

const conflistFile = "/etc/cni/net.d/10-k8s-rig.conflist"

// nodeList is what the network needs of "kubectl get nodes --output json".
type nodeList struct {
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

// keepNetwork is this stand-in's network feature, where the real program has Cilium: a bridge on each node, routes between nodes, no
// NAT between pods. It looks at the nodes once a second until it is ended.
func keepNetwork(ctx context.Context) error {
	cluster, err := readCluster()
	if err != nil {
		return err
	}
	own, err := os.Hostname()
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := connectNodes(cluster, own); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

func connectNodes(cluster savedCluster, own string) error {
	output, err := command("", "kubectl", "--kubeconfig", networkKubeconfig, "get", "nodes", "--output=json")
	if err != nil {
		return err
	}
	var nodes nodeList
	if err := json.Unmarshal([]byte(output), &nodes); err != nil {
		return err
	}
	var inside []string
	inside = append(inside, strings.Split(cluster.Pods, ",")...)
	inside = append(inside, strings.Split(cluster.Services, ",")...)
	for _, node := range nodes.Items {
		for _, address := range node.Status.Addresses {
			if address.Type == "InternalIP" {
				inside = append(inside, address.Address)
			}
		}
		if node.Metadata.Name == own {
			if len(node.Spec.PodCIDRs) > 0 {
				if _, err := writeIfNew(conflistFile, conflist(node.Spec.PodCIDRs)); err != nil {
					return err
				}
			}
			continue
		}
		for _, cidr := range node.Spec.PodCIDRs {
			for _, address := range node.Status.Addresses {
				if address.Type == "InternalIP" && strings.Contains(address.Address, ":") == strings.Contains(cidr, ":") {
					if _, err := command("", "ip", "route", "replace", cidr, "via", address.Address); err != nil {
						return err
					}
				}
			}
		}
	}
	rules := masquerade(strings.Split(cluster.Pods, ","), inside)
	changed, err := writeIfNew(stateFolder+"/masquerade.nft", rules)
	if err != nil || !changed {
		return err
	}
	_, err = command("", "nft", "-f", stateFolder+"/masquerade.nft")
	return err
}

func conflist(podCIDRs []string) string {
	var ranges, routes []string
	for _, cidr := range podCIDRs {
		ranges = append(ranges, fmt.Sprintf(`[{"subnet":%q}]`, cidr))
		all := "0.0.0.0/0"
		if strings.Contains(cidr, ":") {
			all = "::/0"
		}
		routes = append(routes, fmt.Sprintf(`{"dst":%q}`, all))
	}
	return fmt.Sprintf(`{"cniVersion":"1.0.0","name":"k8s-rig","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":false,"hairpinMode":true,"ipam":{"type":"host-local","ranges":[%s],"routes":[%s]}},{"type":"portmap","capabilities":{"portMappings":true}}]}
`, strings.Join(ranges, ","), strings.Join(routes, ","))
}

func masquerade(pods, inside []string) string {
	var rules strings.Builder
	for _, own := range pods {
		six := strings.Contains(own, ":")
		var same []string
		for _, address := range inside {
			if strings.Contains(address, ":") == six {
				same = append(same, address)
			}
		}
		family := map[bool]string{false: "ip", true: "ip6"}[six]
		fmt.Fprintf(&rules, "    %s saddr %s %s daddr != { %s } masquerade\n", family, own, family, strings.Join(same, ", "))
	}
	return "table inet k8s-rig\ndelete table inet k8s-rig\ntable inet k8s-rig {\n  chain postrouting {\n    type nat hook postrouting priority srcnat; policy accept;\n" + rules.String() + "  }\n}\n"
}
