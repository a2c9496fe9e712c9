package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"twinstack.local/rigs/bridgenet"
)

// network is this stand-in's, where the real program has kube-router or Calico.
func network(settings workerSettings) bridgenet.Network {
	return bridgenet.Network{
		Name:      "k0s-stand-in",
		Bridge:    "kube-bridge",
		Node:      nodeName(),
		Pods:      settings.Pods,
		Services:  settings.Services,
		RulesFile: runDir + "/masquerade.nft",
	}
}

// keepNetwork looks at the nodes until its context ends.
func keepNetwork(ctx context.Context, settings workerSettings) {
	say("info", "%s: the network is a bridge with routes, where k0s has %s", standIn, settings.Provider)
	last := ""
	for {
		if err := connectNodes(ctx, settings); err != nil && ctx.Err() == nil && err.Error() != last {
			last = err.Error()
			say("warning", "network: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func connectNodes(ctx context.Context, settings workerSettings) error {
	client, err := clientOf(kubeletConf)
	if err != nil {
		return err
	}
	defer client.http.CloseIdleConnections()
	var nodes bridgenet.NodeList
	if err := client.get(ctx, "/api/v1/nodes", &nodes); err != nil {
		return err
	}
	own := network(settings)
	own.Run = func(name string, args ...string) error { return program(ctx, name, args...) }
	return own.Connect(nodes)
}

func program(ctx context.Context, name string, args ...string) error {
	output, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
