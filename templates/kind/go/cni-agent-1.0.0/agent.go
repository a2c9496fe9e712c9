package main

import (
	"fmt"
	"net"
)

// agent makes one node what the cluster's nodes say that it should be.
type agent struct {
	name      string
	podRanges []*net.IPNet
	services  []*net.IPNet
	rules     string
}

// apply does everything that can be done with what is known; a node may have its ranges a moment after itself.
func (a *agent) apply(nodes []node) error {
	own, others := split(nodes, a.name)
	if own == nil {
		return fmt.Errorf("there is no node %s yet", a.name)
	}
	if err := keepRoutes(others, a.podRanges); err != nil {
		return err
	}
	rules := masqueradeRules(nodes, a.podRanges, a.services)
	if rules != a.rules {
		if err := loadRules(rules); err != nil {
			return err
		}
		a.rules = rules
	}
	if len(own.podCIDRs) == 0 {
		return fmt.Errorf("node %s has no pod ranges yet", a.name)
	}
	mtu, err := linkMTU(own.addresses)
	if err != nil {
		return err
	}
	// Last: from here on pods start.
	return writeConflist(own.podCIDRs, mtu)
}

func split(nodes []node, name string) (*node, []node) {
	var own *node
	var others []node
	for index := range nodes {
		if nodes[index].name == name {
			own = &nodes[index]
		} else {
			others = append(others, nodes[index])
		}
	}
	return own, others
}
