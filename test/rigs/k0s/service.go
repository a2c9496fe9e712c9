package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func unitFile(role string) string { return "/etc/systemd/system/k0s" + role + ".service" }

func systemctl(args ...string) (string, error) {
	output, err := exec.Command("systemctl", args...).CombinedOutput()
	text := strings.TrimSpace(string(output))
	if err != nil {
		return text, fmt.Errorf("%q failed: %s", "systemctl "+strings.Join(args, " "), text)
	}
	return text, nil
}

// install writes the service that runs "k0s controller" or "k0s worker" with the same flags.
func install(role string, args []string) error {
	f := newNodeFlags(role)
	f.BoolVar(&f.force, "force", false, "")
	f.BoolVar(&f.start, "start", false, "")
	f.Var(&f.env, "env", "")
	f.short("e", "env")
	others, err := f.parse(args)
	if err != nil {
		return err
	}
	if err := isRoot(); err != nil {
		return err
	}
	if len(others) > 0 {
		return fmt.Errorf("unknown command %q for \"k0s install %s\"", others[0], role)
	}
	if role == "controller" {
		if f.config == "-" {
			return errors.New("failed to load node config: cannot read configuration from standard input when installing k0s")
		}
		if err := f.checkComponents(); err != nil {
			return err
		}
		on, err := gates(f.featureGates)
		if err != nil {
			return err
		}
		config, err := loadConfig(f.config, nil, f.storage())
		if err != nil {
			return fmt.Errorf("failed to load node config: %w", err)
		}
		if found := config.findings(on); len(found) > 0 {
			return fmt.Errorf("invalid node config: %s", strings.Join(found, "\n"))
		}
	}
	words, err := f.serviceArguments(role)
	if err != nil {
		return err
	}
	if _, err := os.Stat(unitFile(role)); err == nil && !f.force {
		return fmt.Errorf("failed to install %s service: failed to install service: Init already exists: %s", role, unitFile(role))
	}
	unit, err := unitText(words, f.env)
	if err != nil {
		return err
	}
	if err := os.WriteFile(unitFile(role), []byte(unit), 0o644); err != nil {
		return err
	}
	for _, command := range [][]string{{"daemon-reload"}, {"enable", "k0s" + role}} {
		if _, err := systemctl(command...); err != nil {
			return fmt.Errorf("failed to install %s service: %w", role, err)
		}
	}
	if f.start {
		return start()
	}
	return nil
}

// serviceArguments are the flags that were given, in the order of their names.
func (f *nodeFlags) serviceArguments(role string) ([]string, error) {
	if f.config != "" {
		absolute, err := filepath.Abs(f.config)
		if err != nil {
			return nil, err
		}
		f.config = absolute
	}
	if f.tokenFile != "" {
		absolute, err := filepath.Abs(f.tokenFile)
		if err != nil {
			return nil, err
		}
		f.tokenFile = absolute
	}
	words := []string{role}
	add := func(name, value string) {
		if value != "" && value != "false" {
			words = append(words, "--"+name+"="+value)
		}
	}
	add("config", f.config)
	if f.dataDir != "/var/lib/k0s" {
		add("data-dir", f.dataDir)
	}
	add("disable-components", f.disableComponents.String())
	add("enable-worker", fmt.Sprint(f.enableWorker))
	add("feature-gates", f.featureGates)
	add("ignore-pre-flight-checks", fmt.Sprint(f.ignorePreFlight))
	add("kubelet-extra-args", f.kubeletExtraArgs)
	add("labels", f.labels.String())
	add("no-taints", fmt.Sprint(f.noTaints))
	if f.profile != "default" {
		add("profile", f.profile)
	}
	add("single", fmt.Sprint(f.single))
	add("taints", f.taints.String())
	add("token-file", f.tokenFile)
	return words, nil
}

func unitText(words, environment []string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	var command []string
	for _, word := range append([]string{self}, words...) {
		word = strings.ReplaceAll(strings.ReplaceAll(word, "%", "%%"), "$", "$$")
		if strings.ContainsAny(word, " \"'\\") {
			word = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
		}
		command = append(command, word)
	}
	var lines strings.Builder
	for _, one := range environment {
		fmt.Fprintf(&lines, "Environment=%q\n", one)
	}
	return fmt.Sprintf(`[Unit]
Description=k0s (%s)
ConditionFileIsExecutable=%s

After=network-online.target
Wants=network-online.target

[Service]
StartLimitInterval=5
StartLimitBurst=10
ExecStart=%s
%s
RestartSec=10
Delegate=yes
KillMode=process
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
LimitNOFILE=999999
Restart=always

[Install]
WantedBy=multi-user.target
`, standIn, self, strings.Join(command, " "), lines.String()), nil
}

// installedRole is that of the service on this host.
func installedRole() (string, error) {
	for _, role := range []string{"controller", "worker"} {
		if _, err := os.Stat(unitFile(role)); err == nil {
			return role, nil
		}
	}
	return "", errors.New("k0s has not been installed as a service")
}

func serviceState(role string) string {
	state, _ := systemctl("is-active", "k0s"+role)
	return state
}

func start() error {
	if err := isRoot(); err != nil {
		return err
	}
	role, err := installedRole()
	if err != nil {
		return err
	}
	if serviceState(role) == "active" {
		return errors.New("already running")
	}
	_, err = systemctl("start", "k0s"+role)
	return err
}

func stop() error {
	if err := isRoot(); err != nil {
		return err
	}
	role, err := installedRole()
	if err != nil {
		return err
	}
	switch serviceState(role) {
	case "active", "activating", "reloading", "deactivating":
	case "failed":
		return errors.New("service in failed state")
	default:
		return errors.New("already stopped")
	}
	if _, err := systemctl("stop", "k0s"+role); err != nil {
		return fmt.Errorf("failed to stop the service: %w", err)
	}
	if serviceState(role) == "failed" {
		return errors.New("service in failed state")
	}
	return nil
}
