package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const bootstrapConf = dataDir + "/kubelet-bootstrap.conf"

// workerSettings are what a worker reads from its cluster before it starts anything.
type workerSettings struct {
	Kubelet   map[string]any `json:"kubelet"`
	Pause     string         `json:"pause"`
	DualStack bool           `json:"dualStack"`
	Primary   string         `json:"primary"`
	Provider  string         `json:"provider"`
	Pods      string         `json:"pods"`
	Services  string         `json:"services"`
}

// workerSettings joins the kubelet's configuration with that of the profile of this name.
func (s *clusterSpec) workerSettings(profile string) workerSettings {
	kubelet := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"clusterDNS": []string{s.dnsAddress()}, "clusterDomain": s.Network.ClusterDomain, "failSwapOn": false, "rotateCertificates": true, "eventRecordQPS": 0,
		"tlsMinVersion": "VersionTLS12",
	}
	if gates := s.gatesOf("kubelet"); len(gates) > 0 {
		kubelet["featureGates"] = gates
	}
	for _, one := range s.WorkerProfiles {
		if one.Name == profile {
			for name, value := range one.Values {
				kubelet[name] = value
			}
		}
	}
	network := s.Network
	return workerSettings{kubelet, s.Images.Pause.uri(), network.DualStack.Enabled, s.primaryFamily(), network.Provider, s.podRanges(), s.serviceRanges()}
}

// worker is this host as a node of a cluster.
type worker struct {
	programs   *supervisor
	flags      *nodeFlags
	settings   workerSettings
	kubeconfig string
	bootstrap  string
	addresses  string
}

func nodeName() string {
	name, _ := os.Hostname()
	return strings.ToLower(name)
}

func preFlight(ignore bool) error {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return nil
	}
	const rejected = "Rejected: cgroup v1 is not supported"
	if ignore {
		say("warning", "pre-flight checks: control groups: %s", rejected)
		return nil
	}
	return errors.New("pre-flight checks failed: control groups: " + rejected)
}

func runWorker(args []string) error {
	flags := newNodeFlags("worker")
	others, err := flags.parse(args)
	if err != nil {
		return err
	}
	if err := isRoot(); err != nil {
		return err
	}
	token := os.Getenv("K0S_TOKEN")
	if len(others) > 0 {
		token = others[0]
	}
	if flags.tokenFile != "" {
		if token != "" {
			return errors.New("you can only pass one token argument either as a CLI argument 'k0s worker [token]' or as a flag 'k0s worker --token-file [path]'")
		}
		content, err := os.ReadFile(flags.tokenFile)
		if err != nil {
			return err
		}
		token = string(content)
	}
	if err := preFlight(flags.ignorePreFlight); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	say("info", "this is a %s", standIn)
	if err := serveStatus(ctx, newStatus("worker", flags, nil)); err != nil {
		return err
	}
	programs := &supervisor{ctx: ctx}
	defer programs.end()
	node := &worker{programs: programs, flags: flags, kubeconfig: kubeletConf}
	if err := node.join(ctx, token); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	<-ctx.Done()
	return nil
}

// join reads the cluster's settings, as the node that this is or with a token, and starts the node.
func (w *worker) join(ctx context.Context, token string) error {
	client, err := clientOf(kubeletConf)
	if err != nil {
		if token == "" {
			return errors.New("neither kubelet.conf nor a join token is there: join token is required to join the worker")
		}
		text, err := decodeToken(token)
		if err != nil {
			return fmt.Errorf("failed to decode join token: %w", err)
		}
		if client, err = newClient(text); err != nil {
			return fmt.Errorf("failed to parse kubelet bootstrap auth from token: %w", err)
		}
		if err := os.MkdirAll(dataDir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(bootstrapConf, []byte(text), 0o600); err != nil {
			return err
		}
		w.bootstrap = bootstrapConf
	}
	if w.settings, err = fetchSettings(ctx, client); err != nil {
		return err
	}
	if err := w.saveAuthority(); err != nil {
		return err
	}
	if err := w.findAddresses(ctx); err != nil {
		return err
	}
	if err := w.startContainerd(ctx); err != nil {
		return err
	}
	return w.startKubelet(ctx)
}

// fetchSettings asks until the cluster answers. A token that expired is never answered, which the journal then says again and again.
func fetchSettings(ctx context.Context, client *apiClient) (workerSettings, error) {
	var settings workerSettings
	delay := 250 * time.Millisecond
	for {
		var found struct {
			Data map[string]string `json:"data"`
		}
		err := client.get(ctx, "/api/v1/namespaces/kube-system/configmaps/"+workerConfigName(), &found)
		if err == nil {
			return settings, json.Unmarshal([]byte(found.Data["settings"]), &settings)
		}
		var refused apiError
		if errors.As(err, &refused) && refused.status == http.StatusUnauthorized {
			say("warning", "failed to bootstrap kubelet client configuration, retrying after %s: cannot create certificate signing request: %v", delay, refused)
		} else {
			say("warning", "failed to get initial worker configuration, retrying after %s: %v", delay, err)
		}
		select {
		case <-ctx.Done():
			return settings, ctx.Err()
		case <-time.After(delay):
		}
		delay = min(delay*2, 10*time.Second)
	}
}

// saveAuthority keeps the cluster's CA where the kubelet looks for it.
func (w *worker) saveAuthority() error {
	if w.bootstrap == "" {
		return nil
	}
	text, err := os.ReadFile(w.bootstrap)
	if err != nil {
		return err
	}
	config, err := parseKubeconfig(string(text))
	if err != nil {
		return err
	}
	return writeDecoded(pki("ca.crt"), config.Clusters[0].Cluster.CA)
}

func (w *worker) startKubelet(ctx context.Context) error {
	config := map[string]any{
		"authentication": map[string]any{"anonymous": map[string]any{"enabled": false}, "webhook": map[string]any{"enabled": true}, "x509": map[string]any{"clientCAFile": pki("ca.crt")}},
		"authorization":  map[string]any{"mode": "Webhook"}, "containerRuntimeEndpoint": "unix://" + containerdSocket,
	}
	for name, value := range w.settings.Kubelet {
		config[name] = value
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	file := dataDir + "/kubelet-config.yaml"
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return err
	}
	root := dataDir + "/kubelet"
	usual := map[string]string{"root-dir": root, "config": file, "kubeconfig": w.kubeconfig, "cert-dir": root + "/pki", "v": "1", "hostname-override": nodeName()}
	if w.bootstrap != "" {
		usual["bootstrap-kubeconfig"] = w.bootstrap
	}
	if w.addresses != "" {
		usual["node-ip"] = w.addresses
	}
	if w.flags.enableWorker && !w.flags.noTaints {
		usual["register-with-taints"] = "node-role.kubernetes.io/control-plane:NoSchedule"
	}
	if len(w.flags.taints) > 0 {
		usual["register-with-taints"] = w.flags.taints.String()
	}
	if w.flags.hasKubelet() {
		w.flags.labels = append(w.flags.labels, "node.k0sproject.io/role=control-plane")
	}
	if len(w.flags.labels) > 0 {
		usual["node-labels"] = w.flags.labels.String()
	}
	extra := map[string]string{}
	for _, word := range strings.Fields(w.flags.kubeletExtraArgs) {
		name, value, found := strings.Cut(word, "=")
		if !found {
			value = "true"
		}
		extra[name] = value
	}
	if err := w.programs.keep("kubelet", arguments(usual, extra, nil)...); err != nil {
		return err
	}
	if w.settings.Provider != "custom" && !w.flags.isDisabled("network-provider") {
		go keepNetwork(ctx, w.settings)
	}
	return nil
}
