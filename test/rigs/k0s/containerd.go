package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const containerdSocket = runDir + "/containerd.sock"

// startContainerd starts it with the drop-ins of /etc/k0s/containerd.d, and gives it the images that were left for it.
func (w *worker) startContainerd(ctx context.Context) error {
	for _, folder := range []string{"/etc/k0s", runDir, dataDir} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	files := map[string]string{
		"/etc/k0s/containerd.toml":      "# k0s_managed=true\nversion = 3\nimports = ['" + runDir + "/containerd-cri.toml', '/etc/k0s/containerd.d/*.toml']\n",
		runDir + "/containerd-cri.toml": "version = 3\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\n  sandbox = '" + w.settings.Pause + "'\n",
	}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if err := w.programs.keep("containerd", "--root="+dataDir+"/containerd", "--state="+runDir+"/containerd", "--address="+containerdSocket, "--config=/etc/k0s/containerd.toml"); err != nil {
		return err
	}
	archives, err := filepath.Glob(dataDir + "/images/*")
	if err != nil || len(archives) == 0 {
		return err
	}
	ctr, err := findComponent("ctr")
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err = until(limited, pollInterval, "containerd does not answer", func() error {
		return exec.CommandContext(limited, ctr, "--address", containerdSocket, "version").Run()
	})
	if err != nil {
		return err
	}
	for _, archive := range archives {
		output, err := exec.CommandContext(ctx, ctr, "--address", containerdSocket, "--namespace", "k8s.io", "images", "import", "--all-platforms", archive).CombinedOutput()
		if err != nil {
			say("error", "failed to import image bundle %s: %s", archive, strings.TrimSpace(string(output)))
			continue
		}
		say("info", "imported image bundle %s", archive)
	}
	return nil
}
