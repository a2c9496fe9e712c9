// A stand-in for the k8s program of Canonical Kubernetes, for tests without the snap store. README.md says what it is and is not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const about = `k8s (STAND-IN of twinstack's tests, not Canonical Kubernetes)

It asks and answers as "k8s bootstrap --interactive" was observed to, and makes its clusters with kubeadm.

Usage:
  k8s bootstrap [--interactive] [--file FILE] [--name NAME] [--address ADDRESS] [--output-format plain|json] [--timeout DURATION]
  k8s status [--wait-ready] [--timeout DURATION] [--output-format plain|json]
  k8s get-join-token NAME [--worker]
  k8s join-cluster TOKEN [--name NAME] [--address ADDRESS] [--timeout DURATION]
  k8s kubectl ARGUMENTS...
  k8s config
`

// fail is an error whose text is printed as it is, with the status that the program ends with.
type fail struct{ text string }

func (f fail) Error() string { return f.text }

func main() {
	// As the real program: the context notices the signals, and nothing that asks looks at the context.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	var shown fail
	var ended *exec.ExitError
	switch {
	case errors.As(err, &shown):
		fmt.Fprint(os.Stderr, shown.text)
		os.Exit(1)
	case errors.As(err, &ended):
		os.Exit(ended.ExitCode())
	default:
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) error {
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" || args[0] == "help" {
		fmt.Fprint(out, about)
		return nil
	}
	if os.Geteuid() != 0 {
		return fail{"You do not have enough permissions. Please re-run the command with sudo.\n"}
	}
	switch args[0] {
	case "bootstrap":
		return bootstrap(ctx, args[1:], in, out, errOut)
	case "status":
		return status(ctx, args[1:], out)
	case "get-join-token":
		return getJoinToken(args[1:], out)
	case "join-cluster":
		return joinCluster(args[1:], out, errOut)
	case "kubectl":
		command := exec.Command("kubectl", append([]string{"--kubeconfig", adminKubeconfig}, args[1:]...)...)
		command.Stdin, command.Stdout, command.Stderr = in, out, errOut
		return command.Run()
	case "config":
		content, err := os.ReadFile(adminKubeconfig)
		if err != nil {
			return err
		}
		_, err = out.Write(content)
		return err
	case "x-network":
		return keepNetwork(ctx)
	}
	return fmt.Errorf("unknown command %q for \"k8s\"", args[0])
}

type bootstrapFlags struct {
	interactive  bool
	file         string
	name         string
	address      string
	outputFormat string
	timeout      time.Duration
}

func bootstrap(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) error {
	var flags bootstrapFlags
	set := flag.NewFlagSet("bootstrap", flag.ContinueOnError)
	set.SetOutput(errOut)
	set.BoolVar(&flags.interactive, "interactive", false, "")
	set.StringVar(&flags.file, "file", "", "")
	set.StringVar(&flags.name, "name", "", "")
	set.StringVar(&flags.address, "address", "", "")
	set.StringVar(&flags.outputFormat, "output-format", "plain", "")
	set.DurationVar(&flags.timeout, "timeout", 90*time.Second, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if flags.interactive && flags.file != "" {
		return fail{"Error: --interactive and --file flags cannot be set at the same time.\n"}
	}
	if flags.timeout < 3*time.Second {
		fmt.Fprintf(errOut, "Timeout %v is less than minimum of 3s. Using the minimum 3s instead.\n", flags.timeout)
		flags.timeout = 3 * time.Second
	}
	// The real program asks its daemon; where TWINSTACK_RIG_NO_DAEMON is set this one has none.
	if os.Getenv("TWINSTACK_RIG_NO_DAEMON") != "" {
		return fail{"Error: Failed to check the current node status.\n"}
	}
	if isBootstrapped() || os.Getenv("TWINSTACK_RIG_IN_CLUSTER") != "" {
		return fail{"Error: The node is already part of a cluster\n"}
	}
	config := defaultConfig()
	switch {
	case flags.interactive:
		config = askForConfig(in, out, errOut)
	case flags.file != "":
		read, err := readConfigFile(flags.file, in)
		if err != nil {
			return fail{fmt.Sprintf("Error: Failed to read bootstrap configuration from %q.\n\nThe error was: %v\n", flags.file, err)}
		}
		config = read
	}
	if err := config.validate(); err != nil {
		return fail{fmt.Sprintf("Bootstrap config verification failed: invalid cluster configuration: %v", err)}
	}
	if ctx.Err() != nil {
		return fail{"Error: k8sd is not ready: interrupt signal received\n"}
	}
	fmt.Fprint(errOut, "Bootstrapping the cluster. This may take a few seconds, please wait.\n")
	if refusal := os.Getenv("TWINSTACK_RIG_REFUSE"); refusal != "" {
		return fail{fmt.Sprintf("Error: Failed to bootstrap the cluster.\n\nThe error was: %s\n", refusal)}
	}
	node, err := nodeInfo{"pretended", "127.0.0.1"}, error(nil)
	if record := os.Getenv("TWINSTACK_RIG_PRETEND"); record != "" {
		err = os.WriteFile(record, []byte(config.String()), 0o600)
	} else {
		node, err = makeCluster(ctx, config, flags)
	}
	if err != nil {
		return fail{fmt.Sprintf("Error: Failed to bootstrap the cluster.\n\nThe error was: %v\n", err)}
	}
	if flags.outputFormat == "json" {
		fmt.Fprintf(out, "{\"node\":{\"name\":%q,\"address\":%q,\"cluster-role\":\"control-plane\",\"datastore-role\":\"voter\"}}\n", node.name, node.address+":6400")
		return nil
	}
	fmt.Fprintf(out, "Bootstrapped a new Kubernetes cluster with node address %q.\n", bracketed(node.address)+":6400")
	fmt.Fprint(out, "The node will be 'Ready' to host workloads after the CNI is deployed successfully.\n\n")
	return nil
}

func bracketed(address string) string {
	if strings.Contains(address, ":") {
		return "[" + address + "]"
	}
	return address
}
