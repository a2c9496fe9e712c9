// A CNI agent for nodes of kind: writes the configuration that gives pods addresses of their node's ranges, keeps routes to the pods
// of every other node, and masquerades nothing but what leaves the cluster. It keeps no state: what it finds is made what it should be.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// How long to wait before a failed attempt is made again.
const retryAfter = 500 * time.Millisecond

// What is so at the latest after this time, should an event be lost or somebody change a route.
const resync = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	name := os.Getenv("NODE_NAME")
	if name == "" {
		return fmt.Errorf("NODE_NAME is not set")
	}
	podRanges, err := parseRanges(os.Getenv("POD_SUBNETS"))
	if err != nil {
		return fmt.Errorf("POD_SUBNETS: %w", err)
	}
	client, err := connect(os.Getenv("CONTROL_PLANE_ENDPOINT"))
	if err != nil {
		return err
	}
	services := waitForServiceRanges(ctx, client)
	if ctx.Err() != nil {
		return ctx.Err()
	}

	factory := informers.NewSharedInformerFactory(client, 0)
	nodes := factory.Core().V1().Nodes()
	changed := make(chan struct{}, 1)
	tell := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	if _, err := nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { tell() },
		UpdateFunc: func(any, any) { tell() },
		DeleteFunc: func(any) { tell() },
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), nodes.Informer().HasSynced) {
		return ctx.Err()
	}

	agent := agent{name: name, podRanges: podRanges, services: services}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-timer.C:
		}
		next := resync
		found, err := listNodes(nodes.Lister())
		if err == nil {
			err = agent.apply(found)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			next = retryAfter
		}
		timer.Reset(next)
	}
}

// connect asks the API server at the control plane's own address where that is known: the Service answers only after kube-proxy.
func connect(endpoint string) (*kubernetes.Clientset, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, err
	}
	if endpoint != "" {
		config.Host = "https://" + endpoint
	}
	// A connection that a dead control plane left behind is noticed by the client's own pings.
	config.Timeout = 0
	return kubernetes.NewForConfig(config)
}

// waitForServiceRanges gives the ranges of Services; the API server writes them down when it starts.
func waitForServiceRanges(ctx context.Context, client kubernetes.Interface) []*net.IPNet {
	for ctx.Err() == nil {
		list, err := client.NetworkingV1().ServiceCIDRs().List(ctx, metav1.ListOptions{})
		if err == nil && len(list.Items) > 0 {
			ranges, err := parseRanges(strings.Join(serviceCIDRs(list.Items), ","))
			if err == nil {
				return ranges
			}
			fmt.Fprintln(os.Stderr, err)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "looking for the ranges of Services:", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
	return nil
}

func serviceCIDRs(items []networkingv1.ServiceCIDR) []string {
	var cidrs []string
	for _, item := range items {
		cidrs = append(cidrs, item.Spec.CIDRs...)
	}
	return cidrs
}

func parseRanges(text string) ([]*net.IPNet, error) {
	var ranges []*net.IPNet
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		_, parsed, err := net.ParseCIDR(part)
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, parsed)
	}
	return ranges, nil
}
