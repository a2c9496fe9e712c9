// A program that asks badly; README.md says how.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// mood is set by the linker.
var mood = "silent"

const question = "Which features would you like to enable? (network, dns, gateway, ingress, local-storage, load-balancer) [network, dns, gateway, local-storage]: "

func main() {
	if len(os.Args) < 2 || os.Args[1] != "bootstrap" {
		fmt.Println("k8s (STAND-IN of twinstack's tests, of the hostile kind)")
		return
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// In a session of its own, so that the end of this program is not the end of that one.
	child := exec.Command("sleep", "3600")
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	switch mood {
	case "flood":
		for {
			fmt.Print(question)
		}
	case "reworded":
		fmt.Print("Features to enable, separated by commas [network, dns]: ")
	case "stubborn":
		fmt.Print(question)
	}
	for {
		time.Sleep(time.Hour)
	}
}
