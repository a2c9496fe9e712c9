package main

// clusterConfig is a k0s configuration file, as far as it is known here. Fields without a type of their own are accepted and unused.
type clusterConfig struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       *clusterSpec   `json:"spec"`
	Status     any            `json:"status,omitempty"`
}

type clusterSpec struct {
	API               *apiSpec        `json:"api"`
	ControllerManager *programSpec    `json:"controllerManager"`
	Scheduler         *programSpec    `json:"scheduler"`
	Storage           *storageSpec    `json:"storage"`
	Network           *networkSpec    `json:"network"`
	WorkerProfiles    []workerProfile `json:"workerProfiles,omitempty"`
	Telemetry         any             `json:"telemetry,omitempty"`
	Install           any             `json:"installConfig,omitempty"`
	Images            *imagesSpec     `json:"images"`
	Extensions        any             `json:"extensions,omitempty"`
	Konnectivity      any             `json:"konnectivity,omitempty"`
	FeatureGates      []featureGate   `json:"featureGates,omitempty"`
	MetricsServer     any             `json:"metricsServer,omitempty"`
}

// featureGate is one of Kubernetes'; without components it is for all that know gates.
type featureGate struct {
	Name       string   `json:"name"`
	Enabled    bool     `json:"enabled"`
	Components []string `json:"components,omitempty"`
}

type apiSpec struct {
	Address           string            `json:"address,omitempty"`
	OnlyBindToAddress bool              `json:"onlyBindToAddress,omitempty"`
	ExternalAddress   string            `json:"externalAddress,omitempty"`
	ExtraArgs         map[string]string `json:"extraArgs,omitempty"`
	RawArgs           []string          `json:"rawArgs,omitempty"`
	K0sAPIPort        int               `json:"k0sApiPort,omitempty"`
	Port              int               `json:"port,omitempty"`
	SANs              []string          `json:"sans,omitempty"`
	CA                any               `json:"ca,omitempty"`
}

type programSpec struct {
	ExtraArgs map[string]string `json:"extraArgs,omitempty"`
	RawArgs   []string          `json:"rawArgs,omitempty"`
}

type storageSpec struct {
	Type string    `json:"type"`
	Etcd *etcdSpec `json:"etcd,omitempty"`
	Kine any       `json:"kine,omitempty"`
}

type etcdSpec struct {
	PeerAddress     string            `json:"peerAddress,omitempty"`
	ExternalCluster any               `json:"externalCluster,omitempty"`
	CA              any               `json:"ca,omitempty"`
	ExtraArgs       map[string]string `json:"extraArgs,omitempty"`
	RawArgs         []string          `json:"rawArgs,omitempty"`
}

type networkSpec struct {
	Calico                    *calicoSpec    `json:"calico,omitempty"`
	DualStack                 dualStackSpec  `json:"dualStack"`
	KubeProxy                 *kubeProxySpec `json:"kubeProxy,omitempty"`
	KubeRouter                *kubeRouter    `json:"kuberouter,omitempty"`
	CoreDNS                   any            `json:"coreDNS,omitempty"`
	NodeLocalLoadBalancing    *nllbSpec      `json:"nodeLocalLoadBalancing,omitempty"`
	ControlPlaneLoadBalancing any            `json:"controlPlaneLoadBalancing,omitempty"`
	PodCIDR                   string         `json:"podCIDR"`
	Provider                  string         `json:"provider"`
	ServiceCIDR               string         `json:"serviceCIDR"`
	ClusterDomain             string         `json:"clusterDomain"`
	PrimaryAddressFamily      string         `json:"primaryAddressFamily,omitempty"`
}

type dualStackSpec struct {
	Enabled         bool   `json:"enabled,omitempty"`
	IPv6PodCIDR     string `json:"IPv6podCIDR,omitempty"`
	IPv6ServiceCIDR string `json:"IPv6serviceCIDR,omitempty"`
}

type calicoSpec struct {
	EnableWireguard         bool              `json:"wireguard,omitempty"`
	EnvVars                 map[string]string `json:"envVars,omitempty"`
	FlexVolumeDriverPath    string            `json:"flexVolumeDriverPath,omitempty"`
	IPAutodetectionMethod   string            `json:"ipAutodetectionMethod,omitempty"`
	IPv6AutodetectionMethod string            `json:"ipV6AutodetectionMethod,omitempty"`
	MTU                     int               `json:"mtu,omitempty"`
	Mode                    *string           `json:"mode,omitempty"`
	Overlay                 string            `json:"overlay,omitempty"`
	VxlanPort               int               `json:"vxlanPort,omitempty"`
	VxlanVNI                int               `json:"vxlanVNI,omitempty"`
}

type kubeRouter struct {
	AutoMTU     *bool             `json:"autoMTU,omitempty"`
	MTU         int               `json:"mtu,omitempty"`
	MetricsPort int               `json:"metricsPort,omitempty"`
	Hairpin     string            `json:"hairpin,omitempty"`
	HairpinMode bool              `json:"hairpinMode,omitempty"`
	IPMasq      bool              `json:"ipMasq,omitempty"`
	ExtraArgs   map[string]string `json:"extraArgs,omitempty"`
	RawArgs     []string          `json:"rawArgs,omitempty"`
	PeerASNs    string            `json:"peerRouterASNs,omitempty"`
	PeerIPs     string            `json:"peerRouterIPs,omitempty"`
}

type kubeProxySpec struct {
	Disabled           bool              `json:"disabled,omitempty"`
	Mode               string            `json:"mode,omitempty"`
	MetricsBindAddress string            `json:"metricsBindAddress,omitempty"`
	IPTables           any               `json:"iptables,omitempty"`
	IPVS               any               `json:"ipvs,omitempty"`
	NFTables           any               `json:"nftables,omitempty"`
	NodePortAddresses  []string          `json:"nodePortAddresses,omitempty"`
	ExtraArgs          map[string]string `json:"extraArgs,omitempty"`
	RawArgs            []string          `json:"rawArgs,omitempty"`
}

type nllbSpec struct {
	Enabled    bool   `json:"enabled,omitempty"`
	Type       string `json:"type,omitempty"`
	EnvoyProxy any    `json:"envoyProxy,omitempty"`
	Traefik    any    `json:"traefik,omitempty"`
}

type workerProfile struct {
	Name   string         `json:"name"`
	Values map[string]any `json:"values"`
}

type imageSpec struct {
	Image   string `json:"image"`
	Version string `json:"version"`
}

func (i imageSpec) uri() string { return i.Image + ":" + i.Version }

type imagesSpec struct {
	Konnectivity      imageSpec            `json:"konnectivity"`
	PushGateway       imageSpec            `json:"pushgateway"`
	MetricsServer     imageSpec            `json:"metricsserver"`
	KubeProxy         imageSpec            `json:"kubeproxy"`
	CoreDNS           imageSpec            `json:"coredns"`
	Pause             imageSpec            `json:"pause"`
	Calico            map[string]imageSpec `json:"calico,omitempty"`
	KubeRouter        map[string]imageSpec `json:"kuberouter,omitempty"`
	Windows           any                  `json:"windows,omitempty"`
	Repository        string               `json:"repository,omitempty"`
	DefaultPullPolicy string               `json:"default_pull_policy,omitempty"`
}
