package main

import (
	"fmt"
	"net"
	"os/exec"
	"sort"
	"strings"
)

// masqueradeRules is a table of nft of our own: what a pod sends out of the cluster leaves with its node's address, and what it sends to
// pods, Services and nodes keeps its own.
func masqueradeRules(nodes []node, podRanges, services []*net.IPNet) string {
	families := map[bool]*struct {
		pods   map[string]bool
		inside map[string]bool
	}{}
	for _, family := range []bool{true, false} {
		families[family] = &struct {
			pods   map[string]bool
			inside map[string]bool
		}{map[string]bool{}, map[string]bool{}}
	}
	addRange := func(cidr *net.IPNet, pods bool) {
		family := families[isIPv4(cidr.IP)]
		family.inside[cidr.String()] = true
		if pods {
			family.pods[cidr.String()] = true
		}
	}
	for _, cidr := range podRanges {
		addRange(cidr, true)
	}
	for _, cidr := range services {
		addRange(cidr, false)
	}
	for _, node := range nodes {
		for _, address := range node.addresses {
			families[isIPv4(address)].inside[address.String()] = true
		}
	}
	rules := []string{
		"table inet twinstack-cni",
		"delete table inet twinstack-cni",
		"table inet twinstack-cni {",
		"  chain postrouting {",
		"    type nat hook postrouting priority srcnat; policy accept;",
	}
	for _, family := range []bool{true, false} {
		found := families[family]
		if len(found.pods) == 0 {
			continue
		}
		selector, local := "ip", "224.0.0.0/4"
		if !family {
			selector, local = "ip6", "ff00::/8"
		}
		found.inside[local] = true
		rules = append(rules, fmt.Sprintf("    %s saddr { %s } %s daddr != { %s } masquerade",
			selector, list(found.pods), selector, list(found.inside)))
	}
	return strings.Join(append(rules, "  }", "}", ""), "\n")
}

func list(values map[string]bool) string {
	sorted := make([]string, 0, len(values))
	for value := range values {
		sorted = append(sorted, value)
	}
	sort.Strings(sorted)
	return strings.Join(sorted, ", ")
}

// loadRules puts the table in place of the one that is there, in one transaction.
func loadRules(rules string) error {
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(rules)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, strings.TrimSpace(string(output)))
	}
	return nil
}
