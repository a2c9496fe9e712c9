package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

func defaultSpec(storage string) *clusterSpec {
	images := defaultImages()
	return &clusterSpec{
		API:               &apiSpec{},
		ControllerManager: &programSpec{},
		Scheduler:         &programSpec{},
		Storage:           &storageSpec{Type: storage},
		Network: &networkSpec{
			PodCIDR: "10.244.0.0/16", ServiceCIDR: "10.96.0.0/12", Provider: "kuberouter", ClusterDomain: "cluster.local",
			KubeProxy: &kubeProxySpec{Mode: "iptables"},
		},
		Images: &images,
	}
}

// parseConfig reads a configuration file over the defaults, and refuses fields that it does not know.
func parseConfig(text, storage string) (*clusterConfig, error) {
	document, err := readYAML(text)
	if err != nil {
		return nil, fmt.Errorf("error converting YAML to JSON: %w", err)
	}
	config := &clusterConfig{APIVersion: "k0s.k0sproject.io/v1beta1", Kind: "ClusterConfig", Metadata: map[string]any{"name": "k0s", "namespace": "kube-system"}, Spec: defaultSpec(storage)}
	if document != nil {
		if inMood("older-schema") && hasPrimaryFamily(document) {
			return nil, errors.New(`error unmarshaling JSON: while decoding JSON: json: unknown field "primaryAddressFamily"`)
		}
		content, err := json.Marshal(document)
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(config); err != nil {
			return nil, fmt.Errorf("error unmarshaling JSON: while decoding JSON: %w", err)
		}
	}
	config.setDefaults(storage)
	return config, nil
}

func hasPrimaryFamily(document any) bool {
	for _, key := range []string{"spec", "network"} {
		parent, _ := document.(map[string]any)
		document = parent[key]
	}
	network, _ := document.(map[string]any)
	_, there := network["primaryAddressFamily"]
	return there
}

// setDefaults fills in what was left out, or said to be null.
func (c *clusterConfig) setDefaults(storage string) {
	usual := defaultSpec(storage)
	if c.Spec == nil {
		c.Spec = usual
	}
	spec := c.Spec
	for _, program := range []**programSpec{&spec.ControllerManager, &spec.Scheduler} {
		if *program == nil {
			*program = &programSpec{}
		}
	}
	if spec.API == nil {
		spec.API = usual.API
	}
	if spec.Storage == nil {
		spec.Storage = usual.Storage
	}
	if spec.Network == nil {
		spec.Network = usual.Network
	}
	if spec.Images == nil {
		spec.Images = usual.Images
	}
	if spec.Images.DefaultPullPolicy == "" {
		spec.Images.DefaultPullPolicy = "IfNotPresent"
	}
	if spec.API.Address == "" {
		spec.API.Address = firstPublicAddress()
	}
	if spec.API.Port == 0 {
		spec.API.Port = 6443
	}
	if spec.API.K0sAPIPort == 0 {
		spec.API.K0sAPIPort = 9443
	}
	if spec.Storage.Etcd == nil {
		spec.Storage.Etcd = &etcdSpec{}
	}
	if spec.Storage.Etcd.PeerAddress == "" {
		spec.Storage.Etcd.PeerAddress = firstPublicAddress()
	}
	network := spec.Network
	if network.KubeProxy == nil {
		network.KubeProxy = usual.Network.KubeProxy
	}
	if network.KubeProxy.Mode == "" {
		network.KubeProxy.Mode = "iptables"
	}
	if network.Provider == "calico" && network.Calico == nil {
		network.Calico = &calicoSpec{}
	}
	if network.Provider == "kuberouter" {
		network.Calico = nil
	}
}

// loadConfig reads the file that a command was told of; with none it is the file where one would be, or the defaults.
func loadConfig(name string, in io.Reader, storage string) (*clusterConfig, error) {
	var text []byte
	var err error
	switch name {
	case "":
		if text, err = os.ReadFile("/etc/k0s/k0s.yaml"); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	case "-":
		text, err = io.ReadAll(in)
	default:
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	return parseConfig(string(text), storage)
}

// gatesOf are the feature gates of one of Kubernetes' programs.
func (s *clusterSpec) gatesOf(component string) map[string]bool {
	found := map[string]bool{}
	for _, gate := range s.FeatureGates {
		isFor := len(gate.Components) == 0
		for _, one := range gate.Components {
			isFor = isFor || one == component
		}
		if isFor {
			found[gate.Name] = gate.Enabled
		}
	}
	return found
}

// withGates adds the feature gates of a program to its flags.
func (s *clusterSpec) withGates(component string, flags map[string]string) map[string]string {
	var words []string
	for name, enabled := range s.gatesOf(component) {
		words = append(words, fmt.Sprintf("%s=%t", name, enabled))
	}
	if len(words) > 0 {
		sort.Strings(words)
		flags["feature-gates"] = strings.Join(words, ",")
	}
	return flags
}
