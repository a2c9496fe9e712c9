package main

import (
	"fmt"
	"io"
	"strings"
)

// defaultImages are the images of a file that names none. Their versions are those of the real program's constants where these were
// observed; nothing here ever pulls one.
func defaultImages() imagesSpec {
	project := func(name, tag string) imageSpec { return imageSpec{"quay.io/k0sproject/" + name, tag} }
	return imagesSpec{
		KubeProxy:     project("kube-proxy", kubernetesVersion()),
		CoreDNS:       project("coredns", "1.14.2"),
		Pause:         imageSpec{"registry.k8s.io/pause", "3.10.1"},
		MetricsServer: imageSpec{"registry.k8s.io/metrics-server/metrics-server", "v0.8.0"},
		Konnectivity:  project("apiserver-network-proxy-agent", "v0.36.0"),
		PushGateway:   project("pushgateway-ttl", "1.4.0"),
		KubeRouter: map[string]imageSpec{
			"cni": project("kube-router", "v2.6.1"), "cniInstaller": project("cni-node", "1.8.0"),
		},
		Calico: map[string]imageSpec{
			"cni": project("calico-cni", "v3.30.3"), "node": project("calico-node", "v3.30.3"),
			"kubecontrollers": project("calico-kube-controllers", "v3.30.3"),
		},
		DefaultPullPolicy: "IfNotPresent",
	}
}

// listImages prints those that a cluster of the configuration is made of.
func listImages(args []string, in io.Reader, out io.Writer) error {
	flags := newFlags("list-images")
	name := flags.String("config", "", "")
	flags.short("c", "config")
	all := flags.Bool("all", false, "")
	if _, err := flags.parse(args); err != nil {
		return err
	}
	config, err := loadConfig(*name, in, "etcd")
	if err != nil {
		return err
	}
	images := config.Spec.Images
	wanted := []imageSpec{images.Konnectivity, images.MetricsServer, images.CoreDNS, images.Pause}
	if *all || !config.Spec.Network.KubeProxy.Disabled {
		wanted = append(wanted, images.KubeProxy)
	}
	usual := defaultImages()
	provided := func(given, usual map[string]imageSpec, names ...string) {
		for _, name := range names {
			image := given[name]
			if image == (imageSpec{}) {
				image = usual[name]
			}
			wanted = append(wanted, image)
		}
	}
	if *all || config.Spec.Network.Provider == "kuberouter" {
		provided(images.KubeRouter, usual.KubeRouter, "cni", "cniInstaller")
	}
	if *all || config.Spec.Network.Provider == "calico" {
		provided(images.Calico, usual.Calico, "cni", "node", "kubecontrollers")
	}
	for _, image := range wanted {
		fmt.Fprintln(out, image.uri())
	}
	return nil
}

func validateConfig(args []string, in io.Reader) error {
	flags := newFlags("validate")
	name := flags.String("config", "", "")
	flags.short("c", "config")
	features := flags.String("feature-gates", "", "")
	if _, err := flags.parse(args); err != nil {
		return err
	}
	if *name == "" {
		return fmt.Errorf("--config can't be empty")
	}
	on, err := gates(*features)
	if err != nil {
		return err
	}
	config, err := loadConfig(*name, in, "etcd")
	if err != nil {
		return err
	}
	if found := config.findings(on); len(found) > 0 {
		return fmt.Errorf("%s", strings.Join(found, "\n"))
	}
	return nil
}
