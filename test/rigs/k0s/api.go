package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// apiClient talks to an API server as who a kubeconfig says.
type apiClient struct {
	server string
	token  string
	http   *http.Client
}

// kubeconfig is the part of a kubeconfig that is read here: one cluster, one user.
type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string `json:"server"`
			CA     string `json:"certificate-authority-data"`
		} `json:"cluster"`
	} `json:"clusters"`
	Users []struct {
		User struct {
			Token           string `json:"token"`
			Certificate     string `json:"client-certificate-data"`
			Key             string `json:"client-key-data"`
			CertificateFile string `json:"client-certificate"`
			KeyFile         string `json:"client-key"`
		} `json:"user"`
	} `json:"users"`
}

func parseKubeconfig(text string) (*kubeconfig, error) {
	document, err := readYAML(text)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	var config kubeconfig
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	if len(config.Clusters) != 1 || len(config.Users) != 1 {
		return nil, errors.New("a kubeconfig with one cluster and one user was expected")
	}
	return &config, nil
}

func newClient(text string) (*apiClient, error) {
	config, err := parseKubeconfig(text)
	if err != nil {
		return nil, err
	}
	cluster, user := config.Clusters[0].Cluster, config.Users[0].User
	ca, err := base64.StdEncoding.DecodeString(cluster.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	settings := &tls.Config{RootCAs: pool}
	var pair tls.Certificate
	switch {
	case user.CertificateFile != "":
		pair, err = tls.LoadX509KeyPair(user.CertificateFile, user.KeyFile)
		settings.Certificates = []tls.Certificate{pair}
	case user.Certificate != "":
		certificate, certificateErr := base64.StdEncoding.DecodeString(user.Certificate)
		key, keyErr := base64.StdEncoding.DecodeString(user.Key)
		if err = errors.Join(certificateErr, keyErr); err == nil {
			pair, err = tls.X509KeyPair(certificate, key)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return &apiClient{cluster.Server, user.Token, &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{TLSClientConfig: settings}}}, err
}

func clientOf(file string) (*apiClient, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return newClient(string(text))
}

// apiError is what an API server answered instead of doing it.
type apiError struct {
	status  int
	message string
}

func (e apiError) Error() string { return e.message }

// do sends one request and reads its answer into result, where that is given.
func (c *apiClient) do(ctx context.Context, method, path, kind string, body []byte, result any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		var status struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(content, &status) != nil || status.Message == "" {
			status.Message = strings.TrimSpace(answer.Status + " " + string(content))
		}
		return apiError{answer.StatusCode, status.Message}
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(content, result)
}

func (c *apiClient) get(ctx context.Context, path string, result any) error {
	return c.do(ctx, http.MethodGet, path, "", nil, result)
}

// apply sends an object, in YAML or JSON, for the server to apply.
func (c *apiClient) apply(ctx context.Context, path, object string) error {
	err := c.do(ctx, http.MethodPatch, path+"?fieldManager=k0s&force=true", "application/apply-patch+yaml", []byte(object), nil)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// ready says whether the server is, as it says itself.
func (c *apiClient) ready(ctx context.Context) error {
	return c.do(ctx, http.MethodGet, "/readyz", "", nil, nil)
}
