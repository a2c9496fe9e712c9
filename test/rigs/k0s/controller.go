package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	apiTimeout   = 3 * time.Minute
	pollInterval = 100 * time.Millisecond
)

// arguments turns flags into words, the extra ones over the others.
func arguments(usual, extra map[string]string, raw []string) []string {
	merged := map[string]string{}
	for _, some := range []map[string]string{usual, extra} {
		for name, value := range some {
			merged[strings.TrimPrefix(name, "--")] = value
		}
	}
	var words []string
	for name, value := range merged {
		words = append(words, "--"+name+"="+value)
	}
	sort.Strings(words)
	return append(words, raw...)
}

func runController(args []string) error {
	flags := newNodeFlags("controller")
	others, err := flags.parse(args)
	if err != nil {
		return err
	}
	if err := isRoot(); err != nil {
		return err
	}
	if len(others) > 0 || flags.tokenFile != "" {
		return errors.New("this stand-in can't join a controller to another one")
	}
	if err := flags.checkComponents(); err != nil {
		return err
	}
	on, err := gates(flags.featureGates)
	if err != nil {
		return err
	}
	config, err := loadConfig(flags.config, os.Stdin, flags.storage())
	if err != nil {
		return fmt.Errorf("failed to load node config: %w", err)
	}
	if found := config.findings(on); len(found) > 0 {
		return fmt.Errorf("invalid node config: %s", strings.Join(found, "\n"))
	}
	if flags.hasKubelet() {
		if err := preFlight(flags.ignorePreFlight); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	say("info", "this is a %s", standIn)
	status := newStatus("controller", flags, config)
	if err := serveStatus(ctx, status); err != nil {
		return err
	}
	programs := &supervisor{ctx: ctx}
	defer programs.end()
	if err := startCluster(ctx, programs, flags, config.Spec); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// startCluster starts the control plane, what runs in the cluster, and the node where this is one. A program that is missing is noticed
// when its turn comes, as the real k0s does.
func startCluster(ctx context.Context, programs *supervisor, flags *nodeFlags, spec *clusterSpec) error {
	if err := makePKI(spec); err != nil {
		return err
	}
	if err := startEtcd(programs, spec); err != nil {
		return err
	}
	if err := programs.keep("kube-apiserver", arguments(spec.withGates("kube-apiserver", apiServerFlags(spec)), spec.API.ExtraArgs, spec.API.RawArgs)...); err != nil {
		return err
	}
	// These wait for the API server by themselves, so they may start beside it.
	managerErr := startUnlessDisabled(programs, flags, "kube-controller-manager", arguments(spec.withGates("kube-controller-manager", controllerManagerFlags(spec)), spec.ControllerManager.ExtraArgs, spec.ControllerManager.RawArgs))
	schedulerErr := startUnlessDisabled(programs, flags, "kube-scheduler", arguments(spec.withGates("kube-scheduler", map[string]string{
		"kubeconfig": pki("scheduler.conf"), "authentication-kubeconfig": pki("scheduler.conf"), "authorization-kubeconfig": pki("scheduler.conf"),
		"bind-address": "127.0.0.1", "leader-elect": "false", "profiling": "false", "v": "1",
	}), spec.Scheduler.ExtraArgs, spec.Scheduler.RawArgs))
	settings := spec.workerSettings(flags.profile)
	var node *worker
	if flags.hasKubelet() {
		node = &worker{programs: programs, flags: flags, settings: settings, kubeconfig: kubeletConf}
		if err := writeKubeconfig(kubeletConf, fmt.Sprintf("https://localhost:%d", spec.API.Port), pki("kubelet-local")); err != nil {
			return err
		}
		if err := node.findAddresses(ctx); err != nil {
			return err
		}
		if err := node.startContainerd(ctx); err != nil {
			return err
		}
	}
	client, err := clientOf(adminKubeconfig)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	if err := until(limited, pollInterval, "timeout waiting for the API server", func() error { return client.ready(limited) }); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	say("info", "the API server is ready")
	if err := errors.Join(managerErr, schedulerErr); err != nil {
		return err
	}
	if node != nil {
		if err := node.startKubelet(ctx); err != nil {
			return err
		}
	}
	if err := applyAddons(ctx, client, flags, spec, settings); err != nil {
		return err
	}
	if !flags.single && !flags.isDisabled("konnectivity-server") {
		if _, err := findComponent("konnectivity-server"); err != nil {
			return fmt.Errorf("failed to start konnectivity-server: %w", err)
		}
	}
	if node != nil {
		go node.labelAsControlPlane(ctx, client)
	}
	go keepManifests(ctx)
	return nil
}

func startUnlessDisabled(programs *supervisor, flags *nodeFlags, name string, args []string) error {
	if flags.isDisabled(name) {
		return nil
	}
	return programs.keep(name, args...)
}

func startEtcd(programs *supervisor, spec *clusterSpec) error {
	if spec.Storage.Type != "etcd" {
		// The real program has kine where a file for --single names no storage. Here it is one more program that may be missing.
		_, err := findComponent(spec.Storage.Type)
		if err == nil {
			err = fmt.Errorf("this stand-in has no storage but etcd, and was told of %s", spec.Storage.Type)
		}
		return err
	}
	if err := os.MkdirAll(dataDir+"/etcd", 0o700); err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	peer := "https://" + net.JoinHostPort(spec.Storage.Etcd.PeerAddress, "2380")
	return programs.keep("etcd", arguments(map[string]string{
		"name": name, "data-dir": dataDir + "/etcd", "listen-client-urls": "https://127.0.0.1:2379", "advertise-client-urls": "https://127.0.0.1:2379",
		"listen-peer-urls": peer, "initial-advertise-peer-urls": peer, "initial-cluster": name + "=" + peer,
		"trusted-ca-file": pki("etcd/ca.crt"), "cert-file": pki("etcd/server.crt"), "key-file": pki("etcd/server.key"), "client-cert-auth": "true",
		"peer-trusted-ca-file": pki("etcd/ca.crt"), "peer-cert-file": pki("etcd/peer.crt"), "peer-key-file": pki("etcd/peer.key"), "peer-client-cert-auth": "true",
		"log-level": "warn", "unsafe-no-fsync": "true",
	}, spec.Storage.Etcd.ExtraArgs, spec.Storage.Etcd.RawArgs)...)
}

func apiServerFlags(spec *clusterSpec) map[string]string {
	flags := map[string]string{
		"advertise-address": spec.API.Address, "secure-port": strconv.Itoa(spec.API.Port), "authorization-mode": "Node,RBAC", "allow-privileged": "true",
		"anonymous-auth": "false", "client-ca-file": pki("ca.crt"), "enable-bootstrap-token-auth": "true", "enable-admission-plugins": "NodeRestriction",
		"etcd-servers": "https://127.0.0.1:2379", "etcd-cafile": pki("etcd/ca.crt"), "etcd-certfile": pki("apiserver-etcd-client.crt"), "etcd-keyfile": pki("apiserver-etcd-client.key"),
		"kubelet-client-certificate": pki("apiserver-kubelet-client.crt"), "kubelet-client-key": pki("apiserver-kubelet-client.key"),
		"kubelet-preferred-address-types": "InternalIP,ExternalIP,Hostname", "profiling": "false", "v": "1",
		"proxy-client-cert-file": pki("front-proxy-client.crt"), "proxy-client-key-file": pki("front-proxy-client.key"),
		"requestheader-allowed-names": "front-proxy-client", "requestheader-client-ca-file": pki("front-proxy-ca.crt"),
		"requestheader-extra-headers-prefix": "X-Remote-Extra-", "requestheader-group-headers": "X-Remote-Group", "requestheader-username-headers": "X-Remote-User",
		"service-account-issuer": "https://kubernetes.default.svc", "service-account-key-file": pki("sa.pub"), "service-account-signing-key-file": pki("sa.key"),
		"service-cluster-ip-range": spec.serviceRanges(), "tls-cert-file": pki("server.crt"), "tls-private-key-file": pki("server.key"), "tls-min-version": "VersionTLS12",
	}
	if spec.API.OnlyBindToAddress {
		flags["bind-address"] = spec.API.Address
	}
	if spec.API.ExternalAddress != "" {
		flags["endpoint-reconciler-type"] = "none"
	}
	return flags
}

func controllerManagerFlags(spec *clusterSpec) map[string]string {
	own := pki("ccm.conf")
	args := map[string]string{
		"kubeconfig": own, "authentication-kubeconfig": own, "authorization-kubeconfig": own, "allocate-node-cidrs": "true", "bind-address": "127.0.0.1",
		"client-ca-file": pki("ca.crt"), "cluster-cidr": spec.podRanges(), "cluster-name": "k0s", "service-cluster-ip-range": spec.serviceRanges(),
		"cluster-signing-cert-file": pki("ca.crt"), "cluster-signing-key-file": pki("ca.key"), "root-ca-file": pki("ca.crt"),
		"controllers": "*,bootstrapsigner,tokencleaner", "leader-elect": "false", "profiling": "false",
		"requestheader-client-ca-file": pki("front-proxy-ca.crt"), "service-account-private-key-file": pki("sa.key"), "use-service-account-credentials": "true", "v": "1",
	}
	if spec.Network.DualStack.Enabled {
		args["node-cidr-mask-size-ipv4"] = "24"
		args["node-cidr-mask-size-ipv6"] = "117"
	} else if strings.Contains(spec.Network.PodCIDR, ":") {
		args["node-cidr-mask-size"] = "117"
	}
	return args
}
