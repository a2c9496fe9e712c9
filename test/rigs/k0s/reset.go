package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// reset takes a stopped k0s off this host. As the real one it leaves CNI configurations and bridges that are not its own.
func reset(args []string, out io.Writer) error {
	flags := newFlags("reset")
	flags.String("data-dir", dataDir, "")
	flags.String("config", "", "")
	flags.short("c", "config")
	if _, err := flags.parse(args); err != nil {
		return err
	}
	if err := isRoot(); err != nil {
		return err
	}
	if _, err := askStatus(statusSocket); err == nil {
		return errors.New("another k0s process is still running, please stop k0s before reset")
	}
	endContainers()
	var failed error
	for _, role := range []string{"controller", "worker"} {
		if _, err := os.Stat(unitFile(role)); err == nil {
			_, disableErr := systemctl("disable", "k0s"+role)
			failed = errors.Join(failed, disableErr, os.Remove(unitFile(role)))
		}
	}
	if failed == nil {
		_, failed = systemctl("daemon-reload")
	}
	unmountUnder(dataDir, runDir)
	for _, name := range []string{dataDir, runDir, "/etc/k0s/containerd.toml"} {
		failed = errors.Join(failed, os.RemoveAll(name))
	}
	if failed != nil {
		return fmt.Errorf("errors received during clean-up: %w", failed)
	}
	fmt.Fprintln(out, "k0s cleanup operations done.")
	fmt.Fprintln(out, "To ensure a full reset, a node reboot is recommended.")
	return nil
}

// processes gives the command line of each process, and its parent.
func processes() (lines map[int]string, parents map[int]int) {
	lines, parents = map[int]string{}, map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(content[strings.LastIndexByte(string(content), ')')+1:]))
		if len(fields) > 1 {
			parents[id], _ = strconv.Atoi(fields[1])
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		lines[id] = strings.ReplaceAll(string(line), "\x00", " ")
	}
	return lines, parents
}

// endContainers ends what containerd left running: its shims and all that is under them.
func endContainers() {
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		lines, parents := processes()
		found := false
		for id := range lines {
			for up := id; up > 1; up = parents[up] {
				if line := lines[up]; strings.Contains(line, "containerd-shim") && strings.Contains(line, "-address "+containerdSocket) {
					found = true
					syscall.Kill(id, syscall.SIGKILL)
					break
				}
			}
		}
		if !found {
			return
		}
		time.Sleep(pollInterval)
	}
}

// unmountUnder unmounts all that is mounted in these folders, the deepest first.
func unmountUnder(folders ...string) {
	file, err := os.Open("/proc/self/mounts")
	if err != nil {
		return
	}
	defer file.Close()
	var found []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		for _, folder := range folders {
			if len(fields) > 1 && strings.HasPrefix(fields[1], folder+"/") {
				found = append(found, fields[1])
			}
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(found)))
	for _, name := range found {
		syscall.Unmount(name, syscall.MNT_DETACH)
	}
}

func sysinfo(out io.Writer) error {
	fmt.Fprintf(out, "%s\n", standIn)
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err != nil {
		fmt.Fprintln(out, "Control Groups: version 1 (rejected: cgroup v1 is not supported)")
		return errors.New("sysinfo failed")
	}
	fmt.Fprintln(out, "Control Groups: version 2 (pass)")
	return nil
}

func createConfig(out io.Writer) error {
	fmt.Fprint(out, `apiVersion: k0s.k0sproject.io/v1beta1
kind: ClusterConfig
metadata:
  name: k0s
  namespace: kube-system
spec:
  network:
    podCIDR: 10.244.0.0/16
    provider: kuberouter
    serviceCIDR: 10.96.0.0/12
  storage:
    type: etcd
`)
	return nil
}
