package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

var offered = []string{"network", "dns", "gateway", "ingress", "local-storage", "load-balancer"}
var usual = []string{"network", "dns", "gateway", "local-storage"}

// askForConfig asks the three questions of "k8s bootstrap --interactive".
func askForConfig(in io.Reader, out, errOut io.Writer) clusterConfig {
	answer := ask(in, out, errOut, "Which features would you like to enable?", offered, strings.Join(usual, ", "))
	config := clusterConfig{features: map[string]bool{}}
	for _, feature := range strings.Split(answer, ",") {
		config.features[feature] = true
	}
	config.podCIDR = ask(in, out, errOut, "Please set the Pod CIDR:", nil, "10.1.0.0/16")
	config.serviceCIDR = ask(in, out, errOut, "Please set the Service CIDR:", nil, "10.152.183.0/24")
	return config
}

// ask puts one question until its answer is one of the options. Each time it reads through a new buffer, which swallows whatever came
// after the line, and it takes no notice of errors, the end of the input included: that is how the real program does it.
func ask(in io.Reader, out, errOut io.Writer, question string, options []string, usual string) string {
	if options != nil {
		question += " (" + strings.Join(options, ", ") + ")"
	}
	question += " [" + usual + "]: "
	for {
		fmt.Fprint(out, question)
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer := strings.NewReplacer(" ", "", "\n", "").Replace(strings.ToLower(line))
		if line == "" {
			// Nothing came and nothing will: not even an empty line, which would be the usual answer.
			continue
		}
		if answer == "" {
			answer = strings.ReplaceAll(usual, " ", "")
		}
		if bad, found := firstUnknown(answer, options); found {
			fmt.Fprintf(errOut, "  %q is not a valid option.\n", bad)
			continue
		}
		return answer
	}
}

func firstUnknown(answer string, options []string) (string, bool) {
	if options == nil {
		return "", false
	}
	for _, part := range strings.Split(answer, ",") {
		known := false
		for _, option := range options {
			known = known || option == part
		}
		if !known {
			return part, true
		}
	}
	return "", false
}
