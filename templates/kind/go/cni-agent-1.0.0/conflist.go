package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
)

const conflistFile = "/etc/cni/net.d/10-twinstack.conflist"

// conflist is a configuration of the reference plugins. ptp routes each packet of a pod through its node, where a bridge would answer
// a Service's client on the same node behind the back of connection tracking. No ipMasq: servers see the address of the pod.
func conflist(ranges []*net.IPNet, mtu int) ([]byte, error) {
	ipam := map[string]any{"type": "host-local"}
	var subnets [][]map[string]string
	var routes []map[string]string
	for _, subnet := range ranges {
		subnets = append(subnets, []map[string]string{{"subnet": subnet.String()}})
		everything := "::/0"
		if isIPv4(subnet.IP) {
			everything = "0.0.0.0/0"
		}
		routes = append(routes, map[string]string{"dst": everything})
	}
	ipam["ranges"] = subnets
	ipam["routes"] = routes
	return json.MarshalIndent(map[string]any{
		"cniVersion": "1.0.0",
		"name":       "twinstack",
		"plugins": []any{
			map[string]any{"type": "ptp", "ipMasq": false, "mtu": mtu, "ipam": ipam},
			map[string]any{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}},
		},
	}, "", "  ")
}

// writeConflist writes the file when its content is another; never half of it, since containerd reads what appears.
func writeConflist(ranges []*net.IPNet, mtu int) error {
	content, err := conflist(ranges, mtu)
	if err != nil {
		return err
	}
	content = append(content, '\n')
	if there, err := os.ReadFile(conflistFile); err == nil && bytes.Equal(there, content) {
		return nil
	}
	temporary := filepath.Join(filepath.Dir(conflistFile), ".twinstack.tmp")
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, conflistFile)
}
