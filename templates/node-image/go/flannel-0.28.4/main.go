// flanneld for a node image: Flannel's packages behind an entry of ours. Flannel's own entry also brings backends that need a C compiler
// and the SDK of a cloud; this one has vxlan and host-gw, takes its subnets from Kubernetes, and has Flannel's names for what it is told.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/big"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/hostgw"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
	"github.com/flannel-io/flannel/pkg/trafficmngr/nftables"
	"k8s.io/klog/v2"
)

const (
	annotations = "flannel.alpha.coreos.com"
	// How often rules that somebody else has removed are put back.
	resyncSeconds = 5
)

type options struct {
	interfaces  string
	configFile  string
	subnetFile  string
	masquerade  bool
	kubeSubnets bool
}

func main() {
	var told options
	klog.InitFlags(nil)
	flag.StringVar(&told.interfaces, "iface-regex", "", "which interface reaches the other nodes: its name, or one of its addresses")
	flag.StringVar(&told.configFile, "net-config-path", "/etc/kube-flannel/net-conf.json", "the network's configuration")
	flag.StringVar(&told.subnetFile, "subnet-file", "/run/flannel/subnet.env", "where this node's subnets and its MTU are written")
	flag.BoolVar(&told.masquerade, "ip-masq", false, "masquerade what leaves the pod ranges")
	flag.BoolVar(&told.kubeSubnets, "kube-subnet-mgr", false, "take this node's subnets from Kubernetes; there is no other way here")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, told); err != nil && ctx.Err() == nil {
		klog.Error(err)
		klog.Flush()
		os.Exit(1)
	}
}

func run(ctx context.Context, told options) error {
	if !told.kubeSubnets {
		return fmt.Errorf("only --kube-subnet-mgr is there")
	}
	manager, err := kube.NewSubnetManager(ctx, "", "", annotations, told.configFile, true)
	if err != nil {
		return fmt.Errorf("asking Kubernetes for subnets: %w", err)
	}
	config, err := manager.GetNetworkConfig(ctx)
	if err != nil {
		return fmt.Errorf("reading %s: %w", told.configFile, err)
	}
	link, err := findInterface(ctx, manager, config, told.interfaces)
	if err != nil {
		return err
	}
	kind, err := backend.NewManager(ctx, manager, link).GetBackend(config.BackendType)
	if err != nil {
		return fmt.Errorf("backend %s: %w", config.BackendType, err)
	}
	var working sync.WaitGroup
	network, err := kind.RegisterNetwork(ctx, &working, config)
	if err != nil {
		return fmt.Errorf("backend %s: registering network: %w", config.BackendType, err)
	}
	if err := writeRules(ctx, config, network, told.masquerade); err != nil {
		return err
	}
	lease := network.Lease()
	if err := manager.HandleSubnetFile(told.subnetFile, config, told.masquerade, lease.Subnet, lease.IPv6Subnet, network.MTU()); err != nil {
		return fmt.Errorf("writing %s: %w", told.subnetFile, err)
	}
	klog.Infof("%s, MTU %d: %s is written", config.BackendType, network.MTU(), told.subnetFile)
	working.Add(1)
	go func() {
		defer working.Done()
		network.Run(ctx)
	}()
	err = manager.CompleteLease(ctx, lease, &working)
	working.Wait()
	return err
}

// findInterface looks for the interface whose addresses tunnels and routes end at, in each family that the network has.
func findInterface(ctx context.Context, manager subnet.Manager, config *subnet.Config, pattern string) (*backend.ExternalInterface, error) {
	families, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	if err != nil {
		return nil, err
	}
	var public ipmatch.PublicIPOpts
	public.PublicIP, public.PublicIPv6 = manager.GetStoredPublicIP(ctx)
	link, err := ipmatch.LookupExtIface("", pattern, "", families, public)
	if err != nil {
		return nil, fmt.Errorf("no interface fits %q: %w", pattern, err)
	}
	return link, nil
}

// writeRules lets the firewall pass what is for pods, and masquerades what leaves them. A node of ours is made once, so there are no
// earlier networks whose rules would have to go.
func writeRules(ctx context.Context, config *subnet.Config, network backend.Network, masquerade bool) error {
	var rules trafficmngr.TrafficManager = &iptables.IPTablesManager{}
	if config.EnableNFTables {
		rules = &nftables.NFTablesManager{}
	}
	if err := rules.Init(ctx); err != nil {
		return fmt.Errorf("firewall: %w", err)
	}
	if masquerade {
		none4, none6 := ip.IP4Net{}, ip.IP6Net{IP: (*ip.IP6)(big.NewInt(0))}
		err := rules.SetupAndEnsureMasqRules(ctx, config.Network, none4, none4, config.IPv6Network, none6, none6, network.Lease(), resyncSeconds, false)
		if err != nil {
			return fmt.Errorf("firewall: masquerading: %w", err)
		}
	}
	rules.SetupAndEnsureForwardRules(ctx, config.Network, config.IPv6Network, resyncSeconds)
	return nil
}
