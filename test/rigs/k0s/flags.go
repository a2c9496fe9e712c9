package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// flagSet is a set of flags that may stand between other arguments, as the real program's do.
type flagSet struct{ *flag.FlagSet }

func newFlags(name string) *flagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	return &flagSet{set}
}

// short names a flag by its letter too.
func (f *flagSet) short(letter, name string) {
	f.Var(f.Lookup(name).Value, letter, "")
}

// parse gives the arguments that are not flags.
func (f *flagSet) parse(args []string) ([]string, error) {
	var others []string
	for {
		if err := f.Parse(args); err != nil {
			text := err.Error()
			if name, found := strings.CutPrefix(text, "flag provided but not defined: -"); found {
				if len(name) == 1 {
					return nil, fmt.Errorf("unknown shorthand flag: %q in -%s", name, name)
				}
				return nil, fmt.Errorf("unknown flag: --%s", name)
			}
			if name, found := strings.CutPrefix(text, "flag needs an argument: -"); found {
				return nil, fmt.Errorf("flag needs an argument: --%s", name)
			}
			return nil, err
		}
		args = f.Args()
		if len(args) == 0 {
			return others, nil
		}
		others = append(others, args[0])
		args = args[1:]
	}
}

// texts is a flag that may be given more than once.
type texts []string

func (t *texts) String() string { return strings.Join(*t, ",") }

func (t *texts) Set(value string) error {
	*t = append(*t, value)
	return nil
}

// gates reads "A=true,B=false".
func gates(text string) (map[string]bool, error) {
	on := map[string]bool{}
	for _, one := range strings.Split(text, ",") {
		if one == "" {
			continue
		}
		name, value, found := strings.Cut(one, "=")
		if name != "IPv6SingleStack" {
			return nil, fmt.Errorf("invalid argument %q for \"--feature-gates\" flag: unknown feature gate %s", text, name)
		}
		if found && value != "true" && value != "false" {
			return nil, fmt.Errorf("invalid argument %q for \"--feature-gates\" flag: invalid value of %s", text, name)
		}
		on[name] = !found || value == "true"
	}
	return on, nil
}

// nodeFlags are those of "k0s controller", "k0s worker" and the commands that install them.
type nodeFlags struct {
	*flagSet
	config            string
	dataDir           string
	featureGates      string
	tokenFile         string
	kubeletExtraArgs  string
	disableComponents texts
	labels            texts
	taints            texts
	env               texts
	profile           string
	single            bool
	enableWorker      bool
	noTaints          bool
	ignorePreFlight   bool
	force             bool
	start             bool
}

func newNodeFlags(role string) *nodeFlags {
	f := &nodeFlags{flagSet: newFlags(role)}
	f.StringVar(&f.dataDir, "data-dir", "/var/lib/k0s", "")
	f.StringVar(&f.featureGates, "feature-gates", "", "")
	f.StringVar(&f.tokenFile, "token-file", "", "")
	f.StringVar(&f.kubeletExtraArgs, "kubelet-extra-args", "", "")
	f.Var(&f.labels, "labels", "")
	f.Var(&f.taints, "taints", "")
	f.StringVar(&f.profile, "profile", "default", "")
	f.BoolVar(&f.ignorePreFlight, "ignore-pre-flight-checks", false, "")
	f.Bool("debug", false, "")
	f.Bool("verbose", false, "")
	f.String("status-socket", statusSocket, "")
	if role == "controller" {
		f.StringVar(&f.config, "config", "", "")
		f.short("c", "config")
		f.BoolVar(&f.single, "single", false, "")
		f.BoolVar(&f.enableWorker, "enable-worker", false, "")
		f.BoolVar(&f.noTaints, "no-taints", false, "")
		f.Var(&f.disableComponents, "disable-components", "")
	}
	return f
}

var knownComponents = []string{
	"applier-manager", "autopilot", "control-api", "coredns", "csr-approver", "endpoint-reconciler", "helm", "konnectivity-server",
	"kube-controller-manager", "kube-proxy", "kube-scheduler", "metrics-server", "network-provider", "node-role", "system-rbac",
	"update-prober", "windows-node", "worker-config",
}

// isDisabled says whether a component was named by --disable-components.
func (f *nodeFlags) isDisabled(component string) bool {
	for _, list := range f.disableComponents {
		for _, name := range strings.Split(list, ",") {
			if name == component {
				return true
			}
		}
	}
	return false
}

func (f *nodeFlags) checkComponents() error {
	for _, list := range f.disableComponents {
		for _, name := range strings.Split(list, ",") {
			if known := strings.Contains(","+strings.Join(knownComponents, ",")+",", ","+name+","); name != "" && !known {
				return fmt.Errorf("unknown component %s", name)
			}
		}
	}
	return nil
}

// hasKubelet says whether a controller is a node of its cluster.
func (f *nodeFlags) hasKubelet() bool { return f.single || f.enableWorker }

// storage is what the real program keeps its data in unless its file says.
func (f *nodeFlags) storage() string {
	if f.single {
		return "kine"
	}
	return "etcd"
}
