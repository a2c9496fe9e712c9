package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const certificateLifetime = 365 * 24 * time.Hour

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

func pki(name string) string { return filepath.Join(pkiDir, name) }

func writePEM(name, kind string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), mode)
}

func readPEM(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no PEM in %s", name)
	}
	return block.Bytes, nil
}

// newKey makes a key, or takes the one that is there.
func newKey(name string) (*ecdsa.PrivateKey, error) {
	if content, err := readPEM(name); err == nil {
		return x509.ParseECPrivateKey(content)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	content, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(name, "EC PRIVATE KEY", content, 0o600)
}

func template(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(certificateLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, BasicConstraintsValid: true,
	}, err
}

// newAuthority makes an authority whose files have this name, or takes the one that is there.
func newAuthority(name, commonName string) (*authority, error) {
	key, err := newKey(pki(name + ".key"))
	if err != nil {
		return nil, err
	}
	file := pki(name + ".crt")
	content, err := readPEM(file)
	if errors.Is(err, os.ErrNotExist) {
		wanted, templateErr := template(pkix.Name{CommonName: commonName})
		if templateErr != nil {
			return nil, templateErr
		}
		wanted.IsCA = true
		wanted.KeyUsage |= x509.KeyUsageCertSign
		if content, err = x509.CreateCertificate(rand.Reader, wanted, wanted, &key.PublicKey, key); err == nil {
			err = writePEM(file, "CERTIFICATE", content, 0o644)
		}
	}
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(content)
	return &authority{certificate, key, file}, err
}

// issue writes a certificate for servers, clients or both, and its key.
func (a *authority) issue(name string, subject pkix.Name, hosts []string, usages ...x509.ExtKeyUsage) error {
	key, err := newKey(pki(name + ".key"))
	if err != nil {
		return err
	}
	wanted, err := template(subject)
	if err != nil {
		return err
	}
	wanted.ExtKeyUsage = usages
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			wanted.IPAddresses = append(wanted.IPAddresses, ip)
		} else if host != "" {
			wanted.DNSNames = append(wanted.DNSNames, host)
		}
	}
	content, err := x509.CreateCertificate(rand.Reader, wanted, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	return writePEM(pki(name+".crt"), "CERTIFICATE", content, 0o644)
}

// localAddresses are all that this host has.
func localAddresses() []string {
	found := []string{"127.0.0.1", "::1"}
	addresses, _ := net.InterfaceAddrs()
	for _, address := range addresses {
		if ip, _, err := net.ParseCIDR(address.String()); err == nil && !ip.IsLoopback() {
			found = append(found, ip.String())
		}
	}
	return found
}

// makePKI makes what the control plane of this configuration needs.
func makePKI(spec *clusterSpec) error {
	cluster, err := newAuthority("ca", "kubernetes-ca")
	if err != nil {
		return err
	}
	front, err := newAuthority("front-proxy-ca", "kubernetes-front-proxy-ca")
	if err != nil {
		return err
	}
	etcd, err := newAuthority("etcd/ca", "etcd-ca")
	if err != nil {
		return err
	}
	accounts, err := newKey(pki("sa.key"))
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&accounts.PublicKey)
	if err != nil {
		return err
	}
	if err := writePEM(pki("sa.pub"), "PUBLIC KEY", public, 0o644); err != nil {
		return err
	}
	name, _ := os.Hostname()
	domain := spec.Network.ClusterDomain
	hosts := append(localAddresses(), "localhost", name, spec.API.Address, spec.API.ExternalAddress, indexed(spec.Network.ServiceCIDR, 1), indexed(spec.Network.DualStack.IPv6ServiceCIDR, 1),
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster", "kubernetes.default.svc."+domain, "kubernetes.svc."+domain)
	hosts = append(hosts, spec.API.SANs...)
	server, client := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	masters := []string{"system:masters"}
	for _, one := range []struct {
		by     *authority
		name   string
		who    pkix.Name
		hosts  []string
		usages []x509.ExtKeyUsage
	}{
		{cluster, "server", pkix.Name{CommonName: "kubernetes"}, hosts, []x509.ExtKeyUsage{server, client}},
		{cluster, "admin", pkix.Name{CommonName: "kubernetes-admin", Organization: masters}, nil, []x509.ExtKeyUsage{client}},
		{cluster, "ccm", pkix.Name{CommonName: "system:kube-controller-manager", Organization: []string{"system:kube-controller-manager"}}, nil, []x509.ExtKeyUsage{client}},
		{cluster, "scheduler", pkix.Name{CommonName: "system:kube-scheduler", Organization: []string{"system:kube-scheduler"}}, nil, []x509.ExtKeyUsage{client}},
		{cluster, "apiserver-kubelet-client", pkix.Name{CommonName: "apiserver-kubelet-client", Organization: masters}, nil, []x509.ExtKeyUsage{client}},
		{cluster, "kubelet-local", pkix.Name{CommonName: "system:node:" + name, Organization: []string{"system:nodes"}}, nil, []x509.ExtKeyUsage{client}},
		{front, "front-proxy-client", pkix.Name{CommonName: "front-proxy-client"}, nil, []x509.ExtKeyUsage{client}},
		{etcd, "apiserver-etcd-client", pkix.Name{CommonName: "apiserver-etcd-client"}, nil, []x509.ExtKeyUsage{client}},
		{etcd, "etcd/server", pkix.Name{CommonName: "etcd-server"}, []string{"127.0.0.1", "::1", "localhost"}, []x509.ExtKeyUsage{server, client}},
		{etcd, "etcd/peer", pkix.Name{CommonName: name}, []string{spec.Storage.Etcd.PeerAddress, "127.0.0.1"}, []x509.ExtKeyUsage{server, client}},
	} {
		if err := one.by.issue(one.name, one.who, one.hosts, one.usages...); err != nil {
			return err
		}
	}
	here := fmt.Sprintf("https://localhost:%d", spec.API.Port)
	for name, certificate := range map[string]string{adminKubeconfig: "admin", pki("ccm.conf"): "ccm", pki("scheduler.conf"): "scheduler"} {
		if err := writeKubeconfig(name, here, pki(certificate)); err != nil {
			return err
		}
	}
	return nil
}

// writeKubeconfig writes the kubeconfig of who has this certificate.
func writeKubeconfig(name, server, certificate string) error {
	parts := map[string]string{}
	for key, file := range map[string]string{"ca": pki("ca.crt"), "certificate": certificate + ".crt", "key": certificate + ".key"} {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		parts[key] = base64.StdEncoding.EncodeToString(content)
	}
	return os.WriteFile(name, []byte(fmt.Sprintf(`apiVersion: v1
clusters:
- cluster:
    server: %s
    certificate-authority-data: %s
  name: local
contexts:
- context:
    cluster: local
    namespace: default
    user: user
  name: Default
current-context: Default
kind: Config
preferences: {}
users:
- name: user
  user:
    client-certificate-data: %s
    client-key-data: %s
`, server, parts["ca"], parts["certificate"], parts["key"])), 0o600)
}
