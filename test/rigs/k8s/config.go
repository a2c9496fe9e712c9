package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
)

// clusterConfig is what a cluster is made from. CIDRs are one range or two, with a comma between them.
type clusterConfig struct {
	features    map[string]bool
	podCIDR     string
	serviceCIDR string
}

func defaultConfig() clusterConfig {
	config := clusterConfig{features: map[string]bool{}, podCIDR: "10.1.0.0/16", serviceCIDR: "10.152.183.0/24"}
	for _, feature := range usual {
		config.features[feature] = true
	}
	return config
}

// String is what tests compare: the features that are on, and both ranges.
func (config clusterConfig) String() string {
	var on []string
	for _, feature := range offered {
		if config.features[feature] {
			on = append(on, feature)
		}
	}
	return fmt.Sprintf("%s|%s|%s", strings.Join(on, ","), config.podCIDR, config.serviceCIDR)
}

// readConfigFile reads the few keys that the tests write; every other key is refused as an unknown one is by the real program. An
// empty file gives a cluster without any feature, as there.
func readConfigFile(name string, in io.Reader) (clusterConfig, error) {
	config := clusterConfig{features: map[string]bool{}, podCIDR: "10.1.0.0/16", serviceCIDR: "10.152.183.0/24"}
	content, err := io.ReadAll(in)
	if name != "-" {
		content, err = os.ReadFile(name)
	}
	if err != nil {
		return config, err
	}
	section, feature := "", ""
	lines := bufio.NewScanner(bytes.NewReader(content))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimRight(strings.SplitN(lines.Text(), " #", 2)[0], " ")
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "#") || text == "---" {
			continue
		}
		key, value, found := strings.Cut(text, ":")
		if !found {
			return config, fmt.Errorf("failed to parse YAML config file: yaml: line %d: could not find expected ':'", number)
		}
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		switch depth := len(line) - len(strings.TrimLeft(line, " ")); {
		case depth == 0 && key == "pod-cidr":
			config.podCIDR = value
		case depth == 0 && key == "service-cidr":
			config.serviceCIDR = value
		case depth == 0 && key == "cluster-config":
			section = key
		case depth == 2 && section == "cluster-config" && isFeature(key):
			feature = key
		case depth == 4 && section == "cluster-config" && key == "enabled":
			config.features[feature] = value == "true"
		default:
			return config, fmt.Errorf("failed to parse YAML config file: yaml: unmarshal errors:\n  line %d: field %s not found in type api.BootstrapConfig", number, key)
		}
	}
	return config, lines.Err()
}

func isFeature(name string) bool {
	for _, feature := range append([]string{"metrics-server"}, offered...) {
		if feature == name {
			return true
		}
	}
	return false
}

// validate says what the real program says, in its order.
func (config clusterConfig) validate() error {
	pods, err := cidrsOf("pod", config.podCIDR)
	if err != nil {
		return err
	}
	services, err := cidrsOf("service", config.serviceCIDR)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		for _, service := range services {
			if pod.Overlaps(service) {
				return fmt.Errorf("invalid cidr configuration: pod CIDR %q and service CIDR %q overlap", config.podCIDR, config.serviceCIDR)
			}
		}
	}
	for _, service := range services {
		if service.Addr().Is6() && service.Bits() < 108 {
			return fmt.Errorf("invalid service CIDR: service CIDR %q cannot be larger than /108", service)
		}
	}
	for _, feature := range []string{"gateway", "ingress"} {
		if config.features[feature] && !config.features["network"] {
			return errors.New(feature + " requires network to be enabled")
		}
	}
	return nil
}

func cidrsOf(what, list string) ([]netip.Prefix, error) {
	parts := strings.Split(list, ",")
	if len(parts) > 2 {
		return nil, fmt.Errorf("invalid %s CIDR: must contain 1 or 2 CIDRs, but found %d instead", what, len(parts))
	}
	var found []netip.Prefix
	for _, part := range parts {
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("invalid %s CIDR: %q is not a valid CIDR: invalid CIDR address: %s", what, part, part)
		}
		found = append(found, prefix.Masked())
	}
	return found, nil
}
