package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const statusSocket = runDir + "/status.sock"

// nodeStatus is what "k0s status -o json" prints.
type nodeStatus struct {
	Version                     string
	Pid                         int
	Role                        string
	SysInit                     string
	StubFile                    string
	Workloads                   bool
	SingleNode                  bool
	Args                        []string
	WorkerToAPIConnectionStatus probeStatus
	ClusterConfig               *clusterConfig
	K0sVars                     map[string]string
}

type probeStatus struct {
	Message string
	Success bool
}

// serveStatus answers on the status socket until the context ends; a second k0s finds the socket answering, and is refused.
func serveStatus(ctx context.Context, status nodeStatus) error {
	if _, err := askStatus(statusSocket); err == nil {
		return errors.New("failed to initialize runtime config: another k0s process is still running")
	}
	if err := os.MkdirAll(runDir, 0o755); err != nil {
		return err
	}
	os.Remove(statusSocket)
	listener, err := net.Listen("unix", statusSocket)
	if err != nil {
		return err
	}
	handler := http.NewServeMux()
	handler.HandleFunc("/status", func(answer http.ResponseWriter, request *http.Request) {
		now := status
		if now.Workloads {
			now.WorkerToAPIConnectionStatus = probeAPI(request.Context())
		}
		answer.Header().Set("Content-Type", "application/json")
		json.NewEncoder(answer).Encode(now)
	})
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)
	go func() {
		<-ctx.Done()
		server.Close()
		os.Remove(statusSocket)
	}()
	return nil
}

// probeAPI asks the API server as this node's kubelet would.
func probeAPI(ctx context.Context) probeStatus {
	client, err := clientOf(kubeletConf)
	if err == nil {
		err = client.get(ctx, "/version", nil)
	}
	if err != nil {
		return probeStatus{Message: err.Error()}
	}
	return probeStatus{Success: true}
}

func newStatus(role string, flags *nodeFlags, config *clusterConfig) nodeStatus {
	return nodeStatus{
		Version: version, Pid: os.Getpid(), Role: role, SysInit: "linux-systemd", StubFile: unitFile(role),
		Workloads: role == "worker" || flags.hasKubelet(), SingleNode: flags.single, Args: os.Args, ClusterConfig: config,
		K0sVars: map[string]string{
			"DataDir": dataDir, "RunDir": runDir, "CertRootDir": pkiDir, "BinDir": filepath.Join(dataDir, "bin"),
			"AdminKubeConfigPath": adminKubeconfig, "KubeletAuthConfigPath": kubeletConf, "StatusSocketPath": statusSocket,
		},
	}
}

func askStatus(socket string) (*nodeStatus, error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	answer, err := client.Get("http://localhost/status")
	if err != nil {
		return nil, fmt.Errorf("status: can't get \"status\" via %q: %w", socket, err)
	}
	defer answer.Body.Close()
	var status nodeStatus
	if err := json.NewDecoder(answer.Body).Decode(&status); err != nil {
		return nil, fmt.Errorf("status: can't decode JSON: %w", err)
	}
	return &status, nil
}

func printStatus(args []string, out io.Writer) error {
	flags := newFlags("status")
	format := flags.String("out", "", "")
	flags.short("o", "out")
	socket := flags.String("status-socket", statusSocket, "")
	if _, err := flags.parse(args); err != nil {
		return err
	}
	if err := isRoot(); err != nil {
		return err
	}
	status, err := askStatus(*socket)
	if err != nil {
		return err
	}
	switch *format {
	case "json":
		text, err := json.MarshalIndent(status, "", "   ")
		if err != nil {
			return err
		}
		fmt.Fprintln(out, string(text))
	case "":
		fmt.Fprintf(out, "Version: %s\nProcess ID: %d\nRole: %s\nWorkloads: %t\nSingleNode: %t\n", status.Version, status.Pid, status.Role, status.Workloads, status.SingleNode)
		if status.Workloads {
			probe := status.WorkerToAPIConnectionStatus
			if probe.Success {
				fmt.Fprintln(out, "Kube-api probing successful: true")
			} else {
				fmt.Fprintf(out, "Kube-api probing successful: false\nKube-api probing last error: %s\n", probe.Message)
			}
		}
	default:
		return fmt.Errorf("this stand-in prints no status as %q", *format)
	}
	return nil
}

// printKubeconfig prints the administrator's, with the address where others reach the API.
func printKubeconfig(args []string, out io.Writer) error {
	flags := newFlags("admin")
	flags.String("data-dir", dataDir, "")
	if _, err := flags.parse(args); err != nil {
		return err
	}
	content, err := os.ReadFile(adminKubeconfig)
	if err != nil {
		return fmt.Errorf("failed to read admin config, check if the control plane is initialized on this node: %w", err)
	}
	status, err := askStatus(statusSocket)
	if err != nil {
		return err
	}
	api := status.ClusterConfig.Spec.API
	host := api.Address
	if api.ExternalAddress != "" {
		host = api.ExternalAddress
	}
	here := fmt.Sprintf("https://localhost:%d", api.Port)
	fmt.Fprint(out, strings.Replace(string(content), here, "https://"+net.JoinHostPort(host, fmt.Sprint(api.Port)), 1))
	return nil
}
