// Command kindnode stands in for a node of kind where only containers, networks and their names matter: it answers what `kind create`
// and `kind delete` run in a node, and there is no Kubernetes in it. Tests of providers make many clusters of it in the time of one.
//
// It is every program of its image, by the name that it is called by.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// What a cluster's administrator has, as kubeadm leaves it.
const adminConf = `apiVersion: v1
kind: Config
clusters: [{name: stand-in, cluster: {server: "https://stand-in:6443"}}]
contexts: [{name: stand-in, context: {cluster: stand-in, user: stand-in}}]
current-context: stand-in
users: [{name: stand-in, user: {token: none}}]
`

func main() {
	name := filepath.Base(os.Args[0])
	if err := run(name, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run(name string, args []string) error {
	switch name {
	case "entrypoint":
		// kind waits for a line of the node's log.
		fmt.Println("stand-in for a node of kind: detected cgroup v1")
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT, syscall.Signal(37))
		<-ended
		return nil
	case "timeout":
		// --kill-after=N SECONDS PROGRAM ARGS…: nothing of it takes its time.
		return run(filepath.Base(args[2]), args[3:])
	case "mkdir":
		return os.MkdirAll(args[len(args)-1], 0o755)
	case "cat":
		return cat(args)
	case "cp":
		return copyTo(args[len(args)-2], args[len(args)-1])
	case "kubectl":
		_, _ = io.Copy(io.Discard, os.Stdin)
		if strings.Contains(strings.Join(args, " "), "jsonpath") {
			fmt.Print("'True'")
		}
		return nil
	default:
		return nil
	}
}

func cat(files []string) error {
	for _, file := range files {
		if file == "/etc/kubernetes/admin.conf" {
			fmt.Print(adminConf)
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		os.Stdout.Write(content)
	}
	return nil
}

func copyTo(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
