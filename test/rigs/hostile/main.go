// A program that asks badly; README.md says how.
package main

import (
	"bufio"
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

// answerOthers asks what no release of k8s asks, one question of it twice, and ends as any program does.
func answerOthers() {
	in := bufio.NewReader(os.Stdin)
	for _, question := range []string{"Pods? ", "Services? ", "Services, once more? ", "Password: "} {
		fmt.Print(question)
		answer, err := in.ReadString('\n')
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Printf("it is %s", answer)
	}
}

func main() {
	if len(os.Args) < 2 || os.Args[1] != "bootstrap" {
		if mood == "without-script" {
			os.Remove("/usr/bin/script")
		}
		fmt.Println("k8s (STAND-IN of twinstack's tests, of the hostile kind)")
		if len(os.Args) > 1 && os.Args[1] == "status" {
			fmt.Fprintln(os.Stderr, "Error: The node is not part of a Kubernetes cluster.")
			os.Exit(1)
		}
		return
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// In sessions of their own, so that the end of this program is not their end; one has forgotten its environment too.
	for _, environment := range [][]string{os.Environ(), {}} {
		child := exec.Command("sleep", "3600")
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		child.Env = environment
		if err := child.Start(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	switch mood {
	case "flood":
		for {
			fmt.Print(question)
		}
	case "reworded":
		fmt.Print("Features to enable, separated by commas [network, dns]: ")
	case "other":
		answerOthers()
		return
	case "stubborn":
		fmt.Print(question)
	}
	for {
		time.Sleep(time.Hour)
	}
}
