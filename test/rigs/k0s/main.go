// A stand-in for the k0s program, for tests without one. README.md says what it is and is not.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

const standIn = "STAND-IN of twinstack's tests, not k0s"

const about = `k0s (` + standIn + `)

It validates configurations as k0s does, and runs the Kubernetes programs that it finds on the node.

Usage:
  k0s version [--all]
  k0s config validate|create [-c FILE|-] [--feature-gates NAME=true]
  k0s install controller [-c FILE] [--single | --enable-worker [--no-taints]] [--token-file FILE] [--force] [--start]
  k0s install worker --token-file FILE [--force] [--start]
  k0s controller|worker ...
  k0s start | stop | reset
  k0s status [-o json]
  k0s token create [--role worker|controller] [--expiry DURATION] [--wait]
  k0s kubectl|kc ARGUMENTS...
  k0s kubeconfig admin
  k0s airgap list-images [-c FILE] [--all]
  k0s sysinfo
`

// Both are set by the linker. Moods are days on which something is wrong, parted by commas; README.md has them.
var (
	version = "v1.36.3+k0s.2"
	mood    = ""
)

func inMood(one string) bool {
	for _, name := range strings.Split(mood, ",") {
		if name == one {
			return true
		}
	}
	return false
}

// kubernetesVersion is what k0s' own version says of the Kubernetes that is in it.
func kubernetesVersion() string {
	before, _, _ := strings.Cut(version, "+")
	return before
}

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	// Any error is a status of 1, but a program's that took this one's place.
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() > 0 {
		os.Exit(ended.ExitCode())
	}
	fmt.Fprintf(os.Stderr, "Error: %v\n", err)
	os.Exit(1)
}

func run(args []string, in io.Reader, out, errOut io.Writer) error {
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" || args[0] == "help" {
		fmt.Fprint(out, about)
		return nil
	}
	for _, arg := range args[1:] {
		if args[0] != "kubectl" && args[0] != "kc" && (arg == "--help" || arg == "-h") {
			fmt.Fprint(out, about)
			return nil
		}
	}
	second := ""
	if len(args) > 1 {
		second = args[1]
	}
	switch args[0] {
	case "version":
		return printVersion(args[1:], out)
	case "config":
		switch second {
		case "validate":
			return validateConfig(args[2:], in)
		case "create":
			return createConfig(out)
		}
	case "install":
		switch second {
		case "controller", "worker":
			return install(second, args[2:])
		}
	case "controller":
		return runController(args[1:])
	case "worker":
		return runWorker(args[1:])
	case "start":
		return start()
	case "stop":
		return stop()
	case "reset":
		return reset(args[1:], out)
	case "status":
		return printStatus(args[1:], out)
	case "token":
		if second == "create" {
			return createToken(args[2:], out)
		}
	case "kubectl", "kc":
		return kubectl(args[1:])
	case "kubeconfig":
		if second == "admin" {
			return printKubeconfig(args[2:], out)
		}
	case "airgap":
		if second == "list-images" {
			return listImages(args[2:], in, out)
		}
	case "sysinfo":
		return sysinfo(out)
	default:
		return fmt.Errorf("unknown command %q for \"k0s\"", args[0])
	}
	return fmt.Errorf("unknown command %q for \"k0s %s\"", second, args[0])
}

func printVersion(args []string, out io.Writer) error {
	flags := newFlags("version")
	all := flags.Bool("all", false, "")
	asJSON := flags.Bool("json", false, "")
	if _, err := flags.parse(args); err != nil {
		return err
	}
	if *asJSON {
		fmt.Fprintf(out, "{\"k0s\": %q}\n", version)
		return nil
	}
	if !*all {
		fmt.Fprintln(out, version)
		return nil
	}
	fmt.Fprintf(out, "k0s: %s\n", version)
	fmt.Fprintf(out, "stand-in: %s\n", standIn)
	fmt.Fprintf(out, "kubernetes: %s\n", strings.TrimPrefix(kubernetesVersion(), "v"))
	fmt.Fprintln(out, "embedded components: none")
	return nil
}

func kubectl(args []string) error {
	program, err := findComponent("kubectl")
	if err != nil {
		return err
	}
	if _, err := os.Stat(adminKubeconfig); err == nil && os.Getenv("KUBECONFIG") == "" {
		os.Setenv("KUBECONFIG", adminKubeconfig)
	}
	return syscall.Exec(program, append([]string{"kubectl"}, args...), os.Environ())
}

func isRoot() error {
	if os.Geteuid() != 0 {
		return errors.New("this command must be run as root")
	}
	return nil
}
