package main

import (
	"fmt"
	"net"
	"regexp"
	"strings"
)

var dnsName = regexp.MustCompile(`^([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,62}))(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,62}))*\.?$`)

func invalid(path, value, detail string) string {
	return fmt.Sprintf("%s: Invalid value: %q: %s", path, value, detail)
}

func unsupported(path, value string, supported ...string) string {
	var words []string
	for _, one := range supported {
		words = append(words, fmt.Sprintf("%q", one))
	}
	return fmt.Sprintf("%s: Unsupported value: %q: supported values: %s", path, value, strings.Join(words, ", "))
}

// findings are what "k0s config validate" has against a configuration, in its words. What it does not look at, this doesn't either.
func (c *clusterConfig) findings(gates map[string]bool) []string {
	var found []string
	add := func(part string, texts []string) {
		for _, text := range texts {
			found = append(found, "spec: "+part+text)
		}
	}
	add("api: ", c.Spec.API.findings())
	add("network: ", c.Spec.Network.findings(gates))
	add("", c.Spec.workerProfileFindings())
	add("", c.Spec.Images.findings())
	if nllb := c.Spec.Network.NodeLocalLoadBalancing; nllb != nil && nllb.Enabled && c.Spec.API.ExternalAddress != "" {
		add("", []string{"network.nodeLocalLoadBalancing.enabled: Forbidden: node-local load balancing cannot be used in conjunction with an external Kubernetes API server address"})
	}
	return found
}

func (a *apiSpec) findings() []string {
	var found []string
	if net.ParseIP(a.Address) == nil {
		found = append(found, invalid("address", a.Address, "invalid IP address"))
	}
	if a.Address == "0.0.0.0" || a.Address == "::" {
		found = append(found, invalid("address", a.Address, "invalid INADDR_ANY"))
	}
	isName := func(name string) bool { return net.ParseIP(name) != nil || dnsName.MatchString(name) }
	if a.ExternalAddress != "" && !isName(a.ExternalAddress) {
		found = append(found, invalid("externalAddress", a.ExternalAddress, "invalid IP address / DNS name"))
	}
	for index, san := range a.SANs {
		if !isName(san) {
			found = append(found, invalid(fmt.Sprintf("sans[%d]", index), san, "invalid IP address / DNS name"))
		}
	}
	return found
}

func (n *networkSpec) findings(gates map[string]bool) []string {
	var found []string
	add := func(text string) { found = append(found, text) }
	switch n.Provider {
	case "":
		add("provider: Required value")
	case "kuberouter", "calico", "custom":
	default:
		add(unsupported("provider", n.Provider, "kuberouter", "calico", "custom"))
	}
	pods, _, podsErr := net.ParseCIDR(n.PodCIDR)
	if podsErr != nil {
		add(invalid("podCIDR", n.PodCIDR, "invalid CIDR address"))
	}
	services, servicesNet, servicesErr := net.ParseCIDR(n.ServiceCIDR)
	if servicesErr != nil {
		add(invalid("serviceCIDR", n.ServiceCIDR, "invalid CIDR address"))
	}
	if podsErr == nil && servicesErr == nil {
		if (pods.To4() != nil) != (services.To4() != nil) {
			add(invalid("podCIDR", n.PodCIDR, "podCIDR and serviceCIDR must be both IPv4 or IPv6"))
		}
		if length, bits := servicesNet.Mask.Size(); bits == 128 && length > 108 {
			add(invalid("serviceCIDR", n.ServiceCIDR, "IPv6 service CIDR prefix must be <= 108"))
		}
		if !n.DualStack.Enabled && pods.To4() == nil && !gates["IPv6SingleStack"] {
			add(invalid("podCIDR", n.PodCIDR, "feature gate IPv6SingleStack must be explicitly enabled to use IPv6 single stack"))
		}
	}
	if !dnsName.MatchString(n.ClusterDomain) {
		add(invalid("clusterDomain", n.ClusterDomain, "invalid DNS name"))
	}
	if n.DualStack.Enabled {
		found = append(found, n.dualStackFindings(pods, services)...)
	}
	if n.PrimaryAddressFamily != "" && n.PrimaryAddressFamily != "IPv4" && n.PrimaryAddressFamily != "IPv6" {
		add(unsupported("addressFamily", n.PrimaryAddressFamily, "IPv4", "IPv6"))
	}
	switch n.KubeProxy.Mode {
	case "iptables", "ipvs", "userspace", "nftables":
	default:
		if !n.KubeProxy.Disabled {
			add(fmt.Sprintf("unsupported mode %s for kubeProxy config", n.KubeProxy.Mode))
		}
	}
	if n.Calico != nil && n.Calico.Mode != nil {
		switch *n.Calico.Mode {
		case "bird", "vxlan", "ipip":
		case "":
			add("calico.mode: Required value")
		default:
			add(unsupported("calico.mode", *n.Calico.Mode, "bird", "vxlan", "ipip"))
		}
	}
	if nllb := n.NodeLocalLoadBalancing; nllb != nil && nllb.Type != "" && nllb.Type != "EnvoyProxy" && nllb.Type != "Traefik" {
		add(unsupported("nodeLocalLoadBalancing.type", nllb.Type, "EnvoyProxy", "Traefik"))
	}
	return found
}

func (n *networkSpec) dualStackFindings(pods, services net.IP) []string {
	var found []string
	add := func(text string) { found = append(found, text) }
	if n.Provider == "calico" && (n.Calico.Mode == nil || *n.Calico.Mode != "bird") {
		add("calico.mode: Forbidden: dual-stack for calico is only supported for mode `bird`")
	}
	six := func(path, cidr string) *net.IPNet {
		address, network, err := net.ParseCIDR(cidr)
		switch {
		case err != nil:
			add(invalid(path, cidr, "invalid CIDR address"))
		case address.To4() != nil:
			add(invalid(path, cidr, "must be an IPv6 CIDR, not IPv4"))
		default:
			return network
		}
		return nil
	}
	six("dualStack.IPv6podCIDR", n.DualStack.IPv6PodCIDR)
	if network := six("dualStack.IPv6serviceCIDR", n.DualStack.IPv6ServiceCIDR); network != nil {
		// The text is the wrong way round, and the real program's.
		if length, bits := network.Mask.Size(); bits-length > 20 {
			add(invalid("dualStack.IPv6serviceCIDR", n.DualStack.IPv6ServiceCIDR, "IPv6 service CIDR prefix must be <= 108"))
		}
	}
	if pods.To4() == nil {
		add(invalid("podCIDR", n.PodCIDR, "if DualStack is enabled, podCIDR must be IPv4"))
	}
	if services.To4() == nil {
		add(invalid("serviceCIDR", n.ServiceCIDR, "if DualStack is enabled, serviceCIDR must be IPv4"))
	}
	return found
}

func (s *clusterSpec) workerProfileFindings() []string {
	var found []string
	for _, profile := range s.WorkerProfiles {
		for _, name := range []string{"clusterDNS", "clusterDomain", "apiVersion", "kind", "staticPodURL"} {
			if _, there := profile.Values[name]; there {
				found = append(found, fmt.Sprintf("workerProfiles: field `%s` is prohibited to override in worker profile %q", name, profile.Name))
			}
		}
	}
	return found
}

func (i *imagesSpec) findings() []string {
	var found []string
	switch i.DefaultPullPolicy {
	case "Always", "IfNotPresent", "Never":
	default:
		found = append(found, unsupported("default_pull_policy", i.DefaultPullPolicy, "Always", "IfNotPresent", "Never"))
	}
	for _, one := range []struct {
		name  string
		image imageSpec
	}{{"kubeproxy", i.KubeProxy}, {"coredns", i.CoreDNS}, {"pause", i.Pause}} {
		if one.image.Image == "" {
			found = append(found, "images."+one.name+".image: Required value")
		}
		if one.image.Version == "" {
			found = append(found, invalid("images."+one.name+".version", "", `must match regular expression: ^[\w][\w.-]{0,127}(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][[:xdigit:]]{32,})?$`))
		}
	}
	return found
}

// primaryFamily is "IPv4" or "IPv6": what the file says, or what the API's address is of.
func (s *clusterSpec) primaryFamily() string {
	if s.Network.PrimaryAddressFamily != "" {
		return s.Network.PrimaryAddressFamily
	}
	address := s.API.ExternalAddress
	if address == "" {
		address = s.API.Address
	}
	if ip := net.ParseIP(address); ip != nil && ip.To4() == nil {
		return "IPv6"
	}
	return "IPv4"
}

// bothFamilies joins the ranges of a cluster, those of the primary family first.
func (s *clusterSpec) bothFamilies(four, six string) string {
	switch {
	case !s.Network.DualStack.Enabled:
		return four
	case s.primaryFamily() == "IPv6":
		return six + "," + four
	}
	return four + "," + six
}

func (s *clusterSpec) podRanges() string {
	return s.bothFamilies(s.Network.PodCIDR, s.Network.DualStack.IPv6PodCIDR)
}

func (s *clusterSpec) serviceRanges() string {
	return s.bothFamilies(s.Network.ServiceCIDR, s.Network.DualStack.IPv6ServiceCIDR)
}

// indexed gives the n-th address of a range.
func indexed(cidr string, n byte) string {
	_, network, err := net.ParseCIDR(cidr)
	if err != nil {
		return ""
	}
	address := append(net.IP{}, network.IP...)
	address[len(address)-1] += n
	return address.String()
}

// dnsAddress is the tenth address of the primary range of services, or the second where that is narrow.
func (s *clusterSpec) dnsAddress() string {
	first, _, _ := strings.Cut(s.serviceRanges(), ",")
	_, network, err := net.ParseCIDR(first)
	if err != nil {
		return ""
	}
	if length, bits := network.Mask.Size(); bits-length <= 3 {
		return indexed(first, 2)
	}
	return indexed(first, 10)
}
