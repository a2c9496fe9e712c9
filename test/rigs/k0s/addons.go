package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func workerConfigName() string {
	parts := strings.Split(strings.TrimPrefix(kubernetesVersion(), "v"), ".")
	return "worker-config-default-" + strings.Join(parts[:min(2, len(parts))], ".")
}

func writeDecoded(name, text string) error {
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}

// object is one that the API server is to have, and its path there.
type object struct{ path, text string }

const rbacPath = "/apis/rbac.authorization.k8s.io/v1/"

func clusterRoleBinding(name, role, group string) object {
	return object{rbacPath + "clusterrolebindings/" + name, fmt.Sprintf(`apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: %q}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %q}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: %q}]
`, name, role, group)}
}

// bootstrapObjects let workers join, and read what they have to know of their cluster.
func bootstrapObjects(settings workerSettings) ([]object, error) {
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]string{"name": workerConfigName(), "namespace": "kube-system"},
		"data": map[string]string{"settings": string(text)},
	})
	if err != nil {
		return nil, err
	}
	return []object{
		clusterRoleBinding("kubelet-bootstrap", "system:node-bootstrapper", "system:bootstrappers"),
		clusterRoleBinding("node-autoapprove-bootstrap", "system:certificates.k8s.io:certificatesigningrequests:nodeclient", "system:bootstrappers"),
		clusterRoleBinding("node-autoapprove-certificate-rotation", "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", "system:nodes"),
		{"/api/v1/namespaces/kube-system/configmaps/" + workerConfigName(), string(config)},
		{rbacPath + "namespaces/kube-system/roles/system:bootstrappers:worker-config", fmt.Sprintf(`apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "system:bootstrappers:worker-config", namespace: kube-system}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [%q], verbs: [get, list, watch]}]
`, workerConfigName())},
		{rbacPath + "namespaces/kube-system/rolebindings/system:bootstrappers:worker-config", `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: "system:bootstrappers:worker-config", namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "system:bootstrappers:worker-config"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:bootstrappers"}, {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:nodes"}]
`},
		// The network of this stand-in is kept by each node, which therefore has to see the others.
		{rbacPath + "clusterroles/stand-in:node-network", `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "stand-in:node-network"}
rules: [{apiGroups: [""], resources: [nodes], verbs: [get, list]}]
`},
		clusterRoleBinding("stand-in:node-network", "stand-in:node-network", "system:nodes"),
	}, nil
}

// applyAddons applies what k0s itself puts into a cluster.
func applyAddons(ctx context.Context, client *apiClient, flags *nodeFlags, spec *clusterSpec, settings workerSettings) error {
	objects, err := bootstrapObjects(settings)
	if err != nil {
		return err
	}
	if !spec.Network.KubeProxy.Disabled && !flags.isDisabled("kube-proxy") {
		objects = append(objects, kubeProxyObjects(spec)...)
	}
	if !flags.isDisabled("coredns") {
		objects = append(objects, coreDNSObjects(spec)...)
	}
	if !flags.isDisabled("metrics-server") {
		objects = append(objects, metricsServerObject(spec))
	}
	failed := make(chan error, len(objects))
	for _, one := range objects {
		go func() {
			limited, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			failed <- until(limited, pollInterval, "failed to apply", func() error { return client.apply(limited, one.path, one.text) })
		}()
	}
	var all error
	for range objects {
		all = errors.Join(all, <-failed)
	}
	return all
}

func kubeProxyObjects(spec *clusterSpec) []object {
	proxy := spec.Network.KubeProxy
	host := spec.API.Address
	if spec.API.ExternalAddress != "" {
		host = spec.API.ExternalAddress
	}
	addresses := ""
	if len(proxy.NodePortAddresses) > 0 {
		addresses = "nodePortAddresses: [" + strings.Join(proxy.NodePortAddresses, ", ") + "]"
	}
	var extra []string
	for _, word := range arguments(nil, proxy.ExtraArgs, proxy.RawArgs) {
		extra = append(extra, ", "+strconv.Quote(word))
	}
	gates := "{}"
	if on := spec.gatesOf("kube-proxy"); len(on) > 0 {
		text, _ := json.Marshal(on)
		gates = string(text)
	}
	values := strings.NewReplacer("{gates}", gates, "{server}", "https://"+net.JoinHostPort(host, strconv.Itoa(spec.API.Port)), "{mode}", proxy.Mode, "{pods}", spec.podRanges(),
		"{addresses}", addresses, "{image}", spec.Images.KubeProxy.uri(), "{policy}", spec.Images.DefaultPullPolicy, "{extra}", strings.Join(extra, ""))
	kube := "/api/v1/namespaces/kube-system/"
	return []object{
		{kube + "serviceaccounts/kube-proxy", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: kube-proxy, namespace: kube-system}\n"},
		{rbacPath + "clusterrolebindings/kubeadm:node-proxier", `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "kubeadm:node-proxier"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:node-proxier"}
subjects: [{kind: ServiceAccount, name: kube-proxy, namespace: kube-system}]
`},
		{kube + "configmaps/kube-proxy", values.Replace(kubeProxyConfig)},
		{"/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy", values.Replace(kubeProxyDaemonSet)},
	}
}

func coreDNSObjects(spec *clusterSpec) []object {
	values := strings.NewReplacer("{domain}", spec.Network.ClusterDomain, "{image}", spec.Images.CoreDNS.uri(), "{policy}", spec.Images.DefaultPullPolicy, "{address}", spec.dnsAddress())
	kube := "/api/v1/namespaces/kube-system/"
	return []object{
		{kube + "serviceaccounts/coredns", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: coredns, namespace: kube-system}\n"},
		{rbacPath + "clusterroles/system:coredns", coreDNSRole},
		{rbacPath + "clusterrolebindings/system:coredns", `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:coredns"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:coredns"}
subjects: [{kind: ServiceAccount, name: coredns, namespace: kube-system}]
`},
		{kube + "configmaps/coredns", values.Replace(coreDNSConfig)},
		{"/apis/apps/v1/namespaces/kube-system/deployments/coredns", values.Replace(coreDNSDeployment)},
		{kube + "services/kube-dns", values.Replace(coreDNSService)},
	}
}

// metricsServerObject is there so that who forgets to disable it sees a pod whose image is nowhere, as with the real program.
func metricsServerObject(spec *clusterSpec) object {
	values := strings.NewReplacer("{image}", spec.Images.MetricsServer.uri(), "{policy}", spec.Images.DefaultPullPolicy)
	return object{"/apis/apps/v1/namespaces/kube-system/deployments/metrics-server", values.Replace(metricsServerDeployment)}
}

// keepManifests applies what lies in a folder under manifests/, when it is new or has changed.
func keepManifests(ctx context.Context) {
	seen := map[string]time.Time{}
	for {
		files, _ := filepath.Glob(dataDir + "/manifests/*/*.y*ml")
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil || seen[file].Equal(info.ModTime()) {
				continue
			}
			program, err := findComponent("kubectl")
			if err != nil {
				say("error", "%v", err)
				return
			}
			output, err := exec.CommandContext(ctx, program, "--kubeconfig", adminKubeconfig, "apply", "--server-side", "--force-conflicts", "-f", file).CombinedOutput()
			if err != nil {
				say("warning", "failed to apply manifests of %s: %s", file, strings.TrimSpace(string(output)))
				continue
			}
			seen[file] = info.ModTime()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

// labelAsControlPlane gives this node its role, once it is there.
func (w *worker) labelAsControlPlane(ctx context.Context, client *apiClient) {
	err := until(ctx, time.Second, "failed to set the node's role", func() error {
		return client.do(ctx, http.MethodPatch, "/api/v1/nodes/"+nodeName(), "application/merge-patch+json", []byte(`{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":"true"}}}`), nil)
	})
	if err != nil && ctx.Err() == nil {
		say("error", "%v", err)
	}
}
