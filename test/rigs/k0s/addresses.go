package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

const lookUpTimeout = 10 * time.Second

// findAddresses looks the node's name up for an address of each family, unless the kubelet was told its addresses.
func (w *worker) findAddresses(ctx context.Context) error {
	if !w.settings.DualStack || strings.Contains(w.flags.kubeletExtraArgs, "--node-ip=") {
		return nil
	}
	name := nodeName()
	var four, six net.IP
	limited, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	resolver := &net.Resolver{PreferGo: true}
	var lookUpErr error
	_ = until(limited, time.Second, "", func() error {
		var found []net.IPAddr
		if found, lookUpErr = resolver.LookupIPAddr(limited, name); lookUpErr != nil {
			return lookUpErr
		}
		for _, address := range found {
			if address.IP.To4() != nil && four == nil {
				four = address.IP
			} else if address.IP.To4() == nil && six == nil {
				six = address.IP
			}
		}
		if four == nil || six == nil {
			lookUpErr = fmt.Errorf("node name IP address lookup didn't return addresses for both families: IPv4: %s, IPv6: %s", four, six)
		}
		return lookUpErr
	})
	if lookUpErr != nil {
		return fmt.Errorf("failed to detect node IPs for %q: %w", name, lookUpErr)
	}
	w.addresses = four.String() + "," + six.String()
	if w.settings.Primary == "IPv6" {
		w.addresses = six.String() + "," + four.String()
	}
	return nil
}

// firstPublicAddress is the first address of an interface that is not the loopback, of IPv4 where there is one.
func firstPublicAddress() string {
	links, err := net.Interfaces()
	if err != nil {
		return "127.0.0.1"
	}
	var six string
	for _, link := range links {
		if link.Flags&net.FlagLoopback != 0 || strings.HasPrefix(link.Name, "cni") || strings.HasPrefix(link.Name, "veth") {
			continue
		}
		addresses, _ := link.Addrs()
		for _, address := range addresses {
			ip, _, err := net.ParseCIDR(address.String())
			if err != nil || !ip.IsGlobalUnicast() {
				continue
			}
			if ip.To4() != nil {
				return ip.String()
			}
			if six == "" {
				six = ip.String()
			}
		}
	}
	if six != "" {
		return six
	}
	return "127.0.0.1"
}
