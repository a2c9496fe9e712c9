package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	dataDir         = "/var/lib/k0s"
	runDir          = "/run/k0s"
	pkiDir          = dataDir + "/pki"
	adminKubeconfig = pkiDir + "/admin.conf"
	kubeletConf     = dataDir + "/kubelet.conf"
	respawnDelay    = 5 * time.Second
	stopTimeout     = 5 * time.Second
)

var logLock sync.Mutex

// say writes one line to the service's journal, in the form of the real program's.
func say(level, format string, values ...any) {
	logLock.Lock()
	defer logLock.Unlock()
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%q\n", time.Now().Format("2006-01-02 15:04:05"), level, fmt.Sprintf(format, values...))
}

// findComponent looks where the real program looks that has no components in it: its own folder, then PATH.
func findComponent(name string) (string, error) {
	own := filepath.Join(dataDir, "bin", name)
	_, statErr := os.Stat(own)
	if statErr == nil {
		return own, nil
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("no payload attached, %w, %w", statErr, err)
	}
	return found, nil
}

// supervisor keeps programs running until its context ends, and then ends them, the last one first.
type supervisor struct {
	ctx     context.Context
	running []*supervised
}

type supervised struct {
	name string
	stop context.CancelFunc
	done chan struct{}
}

// keep starts a program, and starts it anew whenever it ends.
func (s *supervisor) keep(name string, args ...string) error {
	program, err := findComponent(name)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	one := &supervised{name, stop, make(chan struct{})}
	s.running = append(s.running, one)
	go func() {
		defer close(one.done)
		for {
			err := runOnce(ctx, program, args)
			if ctx.Err() != nil {
				return
			}
			say("warning", "%s: %v; respawning in %s", name, errors.Join(err, nil), respawnDelay)
			select {
			case <-ctx.Done():
				return
			case <-time.After(respawnDelay):
			}
		}
	}()
	return nil
}

func runOnce(ctx context.Context, program string, args []string) error {
	name := filepath.Base(program)
	command := exec.CommandContext(ctx, program, args...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopTimeout
	reader, writer := io.Pipe()
	command.Stdout, command.Stderr = writer, writer
	if err := command.Start(); err != nil {
		return err
	}
	say("info", "%s: started as %d: %s", name, command.Process.Pid, strings.Join(args, " "))
	go func() {
		lines := bufio.NewReader(reader)
		for {
			line, err := lines.ReadString('\n')
			if line = strings.TrimRight(line, "\n"); line != "" {
				logLock.Lock()
				fmt.Fprintf(os.Stderr, "component=%s %s\n", name, line)
				logLock.Unlock()
			}
			if err != nil {
				return
			}
		}
	}()
	err := command.Wait()
	writer.Close()
	return err
}

// end stops all programs in turn.
func (s *supervisor) end() {
	for index := len(s.running) - 1; index >= 0; index-- {
		s.running[index].stop()
		<-s.running[index].done
	}
}

// until asks until there is no error, or the context has ended.
func until(ctx context.Context, every time.Duration, what string, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: %w", what, context.Cause(ctx), err)
		case <-time.After(every):
		}
	}
}
