package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"time"

	"twinstack.local/rigs/bridgenet"
)

const (
	adminKubeconfig   = "/etc/kubernetes/admin.conf"
	stateFolder       = "/var/lib/k8s-rig"
	logFile           = "/var/log/k8s-rig.log"
	kubeadmFile       = stateFolder + "/kubeadm.yaml"
	clusterFile       = stateFolder + "/cluster.json"
	networkKubeconfig = stateFolder + "/network.conf"
	patchesFolder     = stateFolder + "/patches"
)

// savedCluster is what a node keeps of the cluster that it is in.
type savedCluster struct {
	Pods     string `json:"pods"`
	Services string `json:"services"`
	Network  bool   `json:"network"`
	DNS      bool   `json:"dns"`
}

// readCluster gives what startNode kept.
func readCluster() (savedCluster, error) {
	var cluster savedCluster
	text, err := os.ReadFile(clusterFile)
	if err == nil {
		err = json.Unmarshal(text, &cluster)
	}
	return cluster, err
}

// nodeInfo is a node as messages name it.
type nodeInfo struct{ name, address string }

func isBootstrapped() bool {
	_, err := os.Stat("/etc/kubernetes/kubelet.conf")
	return err == nil
}

// command runs a program, keeps what it prints in the log, and says its last lines when it fails.
func command(input string, name string, args ...string) (string, error) {
	program := exec.Command(name, args...)
	program.Stdin = strings.NewReader(input)
	var out, both bytes.Buffer
	program.Stdout = io.MultiWriter(&out, &both)
	program.Stderr = &both
	err := program.Run()
	if log, openErr := os.OpenFile(logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); openErr == nil {
		fmt.Fprintf(log, "$ %s %s\n%s", name, strings.Join(args, " "), both.String())
		log.Close()
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(both.String()), "\n")
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.Join(lines[max(0, len(lines)-5):], "\n"))
	}
	return out.String(), nil
}

func kubectl(input string, args ...string) (string, error) {
	return command(input, "kubectl", append([]string{"--kubeconfig", adminKubeconfig}, args...)...)
}

// addressesOf gives this node's address of each family on the interface that has the wanted one, the wanted one first. Wanted is an
// address, a range in which it is, or nothing.
func addressesOf(wanted string) ([]netip.Addr, error) {
	links, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if link.Flags&net.FlagLoopback != 0 || link.Flags&net.FlagUp == 0 || strings.HasPrefix(link.Name, "cni") || strings.HasPrefix(link.Name, "veth") {
			continue
		}
		found := map[bool]netip.Addr{}
		addresses, err := link.Addrs()
		if err != nil {
			return nil, err
		}
		for _, address := range addresses {
			prefix, err := netip.ParsePrefix(address.String())
			if err != nil || !prefix.Addr().IsGlobalUnicast() {
				continue
			}
			if _, there := found[prefix.Addr().Is6()]; !there {
				found[prefix.Addr().Is6()] = prefix.Addr()
			}
		}
		for _, six := range []bool{false, true} {
			address, there := found[six]
			if !there || !matchesWanted(address, wanted) {
				continue
			}
			if other, both := found[!six]; both {
				return []netip.Addr{address, other}, nil
			}
			return []netip.Addr{address}, nil
		}
	}
	return nil, fmt.Errorf("no interface has an address that fits %q", wanted)
}

func matchesWanted(address netip.Addr, wanted string) bool {
	if wanted == "" {
		return true
	}
	if prefix, err := netip.ParsePrefix(wanted); err == nil {
		return prefix.Contains(address)
	}
	return address.String() == wanted
}

// imageRepository is where this node's own images say that they are from.
func imageRepository() (string, error) {
	list, err := command("", "ctr", "--namespace", "k8s.io", "images", "list", "--quiet")
	if err != nil {
		return "", err
	}
	for _, name := range strings.Fields(list) {
		if repository, _, found := strings.Cut(name, "/kube-apiserver:"); found {
			return repository, nil
		}
	}
	return "", errors.New("this node has no image of kube-apiserver")
}

// nodeRegistration is what kubeadm's configuration says of a node, whether it begins a cluster or joins one.
func nodeRegistration(name string, addresses []netip.Addr) string {
	return fmt.Sprintf(`nodeRegistration:
  name: %s
  taints: []
  imagePullPolicy: IfNotPresent
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs: [{name: node-ip, value: %q}]
patches: {directory: %s}
`, name, kubeletArguments(addresses), patchesFolder)
}

func kubeletArguments(addresses []netip.Addr) string {
	var words []string
	for _, address := range addresses {
		words = append(words, address.String())
	}
	return strings.Join(words, ",")
}

// nodeShares gives the length of a node's share of each pod range.
func nodeShares(ranges []netip.Prefix) []int {
	var lengths []int
	for _, prefix := range ranges {
		switch {
		case prefix.Addr().Is4():
			lengths = append(lengths, 24)
		case prefix.Bits() <= 64:
			lengths = append(lengths, 64)
		default:
			lengths = append(lengths, min(prefix.Bits()+9, 126))
		}
	}
	return lengths
}

// nodeMasks are the controller manager's flags for two ranges, or for one. kubeadm looks for the mask of an IPv6 range at its own flag,
// also where there is no other.
func nodeMasks(ranges []netip.Prefix) string {
	var text strings.Builder
	for index, length := range nodeShares(ranges) {
		name := "node-cidr-mask-size"
		if ranges[index].Addr().Is6() {
			name += "-ipv6"
		} else if len(ranges) == 2 {
			name += "-ipv4"
		}
		fmt.Fprintf(&text, "    - {name: %s, value: %q}\n", name, fmt.Sprint(length))
	}
	return text.String()
}

// writePatches makes pods be seen ready when they are, and not at kubeadm's intervals of ten seconds.
func writePatches() error {
	patches := map[string]string{
		"corednsdeployment": "spec: {template: {spec: {containers: [{name: coredns, readinessProbe: {periodSeconds: 1}}]}}}",
	}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"} {
		patches[name] = fmt.Sprintf("spec: {containers: [{name: %s, startupProbe: {initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 240}}]}", name)
	}
	for name, text := range patches {
		if _, err := bridgenet.WriteIfNew(patchesFolder+"/"+name+"+strategic.yaml", text+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// primaryFirst puts the address of the services' first family first: the API server is told to serve there.
func primaryFirst(addresses []netip.Addr, services string) []netip.Addr {
	six := strings.Contains(strings.Split(services, ",")[0], ":")
	if len(addresses) == 2 && addresses[0].Is6() != six {
		return []netip.Addr{addresses[1], addresses[0]}
	}
	return addresses
}

func kubeletConfiguration() string {
	failCgroupV1 := ""
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err != nil {
		failCgroupV1 = "failCgroupV1: false\n"
	}
	return "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\nfailSwapOn: false\n" + failCgroupV1
}

func makeCluster(ctx context.Context, config clusterConfig, flags bootstrapFlags) (nodeInfo, error) {
	found, err := addressesOf(flags.address)
	if err != nil {
		return nodeInfo{}, err
	}
	addresses := primaryFirst(found, config.serviceCIDR)
	name := flags.name
	if name == "" {
		if name, err = os.Hostname(); err != nil {
			return nodeInfo{}, err
		}
	}
	node := nodeInfo{name, addresses[0].String()}
	if _, err := command("", "systemctl", "start", "containerd"); err != nil {
		return node, err
	}
	repository, err := imageRepository()
	if err != nil {
		return node, err
	}
	version, err := command("", "kubeadm", "version", "--output", "short")
	if err != nil {
		return node, err
	}
	pods, err := cidrsOf("pod", config.podCIDR)
	if err != nil {
		return node, err
	}
	if err := os.MkdirAll(stateFolder, 0o700); err != nil {
		return node, err
	}
	if err := writePatches(); err != nil {
		return node, err
	}
	if config.features["network"] {
		// The first node gets the first shares, so its pods need not wait for the controller manager; the network puts right what differs.
		var first []string
		for index, length := range nodeShares(pods) {
			first = append(first, netip.PrefixFrom(pods[index].Addr(), length).String())
		}
		own := network(savedCluster{Pods: config.podCIDR, Services: config.serviceCIDR}, name)
		if err := own.WriteConflist(first); err != nil {
			return node, err
		}
	}
	text := fmt.Sprintf(`apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: %q}
%s---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: %s
imageRepository: %s
encryptionAlgorithm: ECDSA-P256
controlPlaneEndpoint: %q
networking: {podSubnet: %q, serviceSubnet: %q}
controllerManager:
  extraArgs:
%s    - {name: kube-api-qps, value: "1000"}
    - {name: kube-api-burst, value: "1000"}
    - {name: leader-elect-retry-period, value: 1s}
scheduler: {extraArgs: [{name: leader-elect-retry-period, value: 1s}]}
etcd: {local: {extraArgs: [{name: unsafe-no-fsync, value: "true"}]}}
---
%s---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
conntrack: {maxPerCore: 0}
`, node.address, nodeRegistration(name, addresses), strings.TrimSpace(version), repository, bracketed(node.address)+":6443",
		config.podCIDR, config.serviceCIDR, nodeMasks(pods), kubeletConfiguration())
	if err := os.WriteFile(kubeadmFile, []byte(text), 0o600); err != nil {
		return node, err
	}
	args := []string{"init", "--config=" + kubeadmFile, "--ignore-preflight-errors=all", "--skip-token-print"}
	if !config.features["dns"] {
		args = append(args, "--skip-phases=addon/coredns")
	}
	if _, err := command("", "kubeadm", args...); err != nil {
		return node, err
	}
	if ctx.Err() != nil {
		return node, errors.New("interrupt signal received")
	}
	saved := savedCluster{config.podCIDR, config.serviceCIDR, config.features["network"], config.features["dns"]}
	return node, startNode(saved, "")
}

// startNode keeps what the node has to know, and starts what keeps its network. Kubeconfig is the one for the network; empty on a
// node that has the administrator's.
func startNode(cluster savedCluster, kubeconfig string) error {
	if err := os.MkdirAll(stateFolder, 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(cluster)
	if err != nil {
		return err
	}
	if err := os.WriteFile(clusterFile, text, 0o600); err != nil {
		return err
	}
	if kubeconfig == "" {
		content, err := os.ReadFile(adminKubeconfig)
		if err != nil {
			return err
		}
		kubeconfig = string(content)
	}
	if err := os.WriteFile(networkKubeconfig, []byte(kubeconfig), 0o600); err != nil {
		return err
	}
	if !cluster.Network {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	_, err = command("", "systemd-run", "--unit=k8s-rig-network", "--property=Restart=always", "--property=RestartSec=1", self, "x-network")
	return err
}

// joinToken is what get-join-token prints, in Base64.
type joinToken struct {
	Name           string       `json:"name"`
	Worker         bool         `json:"worker"`
	Endpoint       string       `json:"endpoint"`
	Token          string       `json:"token"`
	CAHash         string       `json:"caHash"`
	CertificateKey string       `json:"certificateKey,omitempty"`
	Kubeconfig     string       `json:"kubeconfig"`
	Cluster        savedCluster `json:"cluster"`
}

func getJoinToken(args []string, out io.Writer) error {
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	set := flag.NewFlagSet("get-join-token", flag.ContinueOnError)
	worker := set.Bool("worker", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if !isBootstrapped() {
		return fail{"Error: The node is not part of a Kubernetes cluster. You can bootstrap a new cluster with:\n\n  sudo k8s bootstrap\n"}
	}
	made, err := command("", "kubeadm", "token", "create", "--kubeconfig", adminKubeconfig, "--print-join-command")
	if err != nil {
		return err
	}
	words := strings.Fields(made)
	if len(words) < 7 {
		return fmt.Errorf("kubeadm gave no join command: %q", made)
	}
	token := joinToken{Name: name, Worker: *worker, Endpoint: words[2], Token: words[4], CAHash: words[6]}
	if !*worker {
		keys, err := command("", "kubeadm", "init", "phase", "upload-certs", "--upload-certs", "--config="+kubeadmFile)
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSpace(keys), "\n")
		token.CertificateKey = strings.TrimSpace(lines[len(lines)-1])
	}
	content, err := os.ReadFile(networkKubeconfig)
	if err != nil {
		return err
	}
	token.Kubeconfig = string(content)
	if token.Cluster, err = readCluster(); err != nil {
		return err
	}
	text, err := json.Marshal(token)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, base64.StdEncoding.EncodeToString(text))
	return nil
}

func joinCluster(args []string, out, errOut io.Writer) error {
	encoded := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		encoded, args = args[0], args[1:]
	}
	set := flag.NewFlagSet("join-cluster", flag.ContinueOnError)
	name := set.String("name", "", "")
	address := set.String("address", "", "")
	set.Duration("timeout", 90*time.Second, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if encoded == "" {
		encoded = set.Arg(0)
	}
	if isBootstrapped() {
		return fail{"Error: The node is already part of a cluster\n"}
	}
	var token joinToken
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err == nil {
		err = json.Unmarshal(text, &token)
	}
	if err != nil {
		return fail{fmt.Sprintf("Error: Failed to join the cluster using the provided token.\n\nThe error was: %v\n", err)}
	}
	if *name == "" {
		if *name, err = os.Hostname(); err != nil {
			return err
		}
	}
	fmt.Fprint(errOut, "Joining the cluster. This may take a few seconds, please wait.\n")
	found, err := addressesOf(*address)
	if err != nil {
		return err
	}
	addresses := primaryFirst(found, token.Cluster.Services)
	controlPlane := ""
	if !token.Worker {
		controlPlane = fmt.Sprintf("controlPlane:\n  localAPIEndpoint: {advertiseAddress: %q}\n  certificateKey: %q\n", addresses[0], token.CertificateKey)
	}
	config := fmt.Sprintf(`apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken: {apiServerEndpoint: %q, token: %q, caCertHashes: [%q]}
%s%s`, token.Endpoint, token.Token, token.CAHash, nodeRegistration(*name, addresses), controlPlane)
	if err := os.MkdirAll(stateFolder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(kubeadmFile, []byte(config), 0o600); err != nil {
		return err
	}
	if err := writePatches(); err != nil {
		return err
	}
	if _, err := command("", "systemctl", "start", "containerd"); err != nil {
		return err
	}
	if _, err := command("", "kubeadm", "join", "--config="+kubeadmFile, "--ignore-preflight-errors=all"); err != nil {
		return fail{fmt.Sprintf("Error: Failed to join the cluster using the provided token.\n\nThe error was: %v\n", err)}
	}
	if err := startNode(token.Cluster, token.Kubeconfig); err != nil {
		return err
	}
	fmt.Fprint(out, "Cluster services have started.\n")
	return nil
}

func status(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("status", flag.ContinueOnError)
	wait := set.Bool("wait-ready", false, "")
	timeout := set.Duration("timeout", 90*time.Second, "")
	format := set.String("output-format", "plain", "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if !isBootstrapped() {
		return fail{"Error: The node is not part of a Kubernetes cluster. You can bootstrap a new cluster with:\n\n  sudo k8s bootstrap\n"}
	}
	cluster, err := readCluster()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(*timeout)
	ready := isReady(cluster)
	for *wait && !ready && ctx.Err() == nil {
		if time.Now().After(deadline) {
			return fail{"Error: Failed to retrieve the cluster status.\n\nThe error was: wait check failed: context deadline exceeded\n"}
		}
		time.Sleep(500 * time.Millisecond)
		ready = isReady(cluster)
	}
	names, err := kubectl("", "get", "nodes", "--selector=node-role.kubernetes.io/control-plane", "--output=jsonpath={.items[*].metadata.name}")
	if err != nil {
		return err
	}
	if *format == "json" {
		return json.NewEncoder(out).Encode(map[string]any{"ready": ready, "members": strings.Fields(names), "network": map[string]bool{"enabled": cluster.Network}, "dns": map[string]bool{"enabled": cluster.DNS}})
	}
	word := func(on bool, yes, no string) string {
		if on {
			return yes
		}
		return no
	}
	for _, line := range [][2]string{
		{"cluster status:", word(ready, "ready", "not ready")},
		{"control plane nodes:", strings.ReplaceAll(names, " ", ", ")},
		{"high availability:", word(len(strings.Fields(names)) > 2, "yes", "no")},
		{"datastore:", "etcd"},
		{"network:", word(cluster.Network, "enabled", "disabled")},
		{"dns:", word(cluster.DNS, "enabled", "disabled")},
	} {
		fmt.Fprintf(out, "%-25s %s\n", line[0], line[1])
	}
	return nil
}

// isReady is what the real program calls ready: one node is, and the DNS service has its address. Pods may still be starting.
func isReady(cluster savedCluster) bool {
	conditions, err := kubectl("", "get", "nodes", `--output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}`)
	if err != nil || !strings.Contains(conditions, "True") {
		return false
	}
	if !cluster.DNS {
		return true
	}
	address, err := kubectl("", "--namespace=kube-system", "get", "service", "kube-dns", "--output=jsonpath={.spec.clusterIP}")
	return err == nil && address != ""
}
