package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"twinstack.local/rigs/bridgenet"
)

// network is this stand-in's, where the real program has Cilium.
func network(cluster savedCluster, node string) bridgenet.Network {
	return bridgenet.Network{
		Name:      "k8s-rig",
		Bridge:    "cni0",
		Node:      node,
		Pods:      cluster.Pods,
		Services:  cluster.Services,
		RulesFile: stateFolder + "/masquerade.nft",
		Run: func(name string, args ...string) error {
			_, err := command("", name, args...)
			return err
		},
	}
}

// keepNetwork looks at the nodes once a second until it is ended.
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
		if err := connectNodes(network(cluster, own)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

func connectNodes(own bridgenet.Network) error {
	output, err := command("", "kubectl", "--kubeconfig", networkKubeconfig, "get", "nodes", "--output=json")
	if err != nil {
		return err
	}
	var nodes bridgenet.NodeList
	if err := json.Unmarshal([]byte(output), &nodes); err != nil {
		return err
	}
	return own.Connect(nodes)
}
