package server

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/kube"
)

const (
	localAPI          = "https://127.0.0.1:6443"
	defaultKubeconfig = "/etc/rancher/k3s/k3s.yaml"
)

// writeKubeconfigs gives each component its own, and the operator the admin's.
func (s *server) writeKubeconfigs() error {
	tls := s.c.Data("server", "tls")
	for name, base := range map[string]string{"admin": "client-admin", "supervisor": "client-supervisor", "controller": "client-controller", "scheduler": "client-scheduler",
		"api-server": "client-kube-apiserver", "cloud-controller": "client-k3s-cloud-controller"} {
		raw, err := kube.KubeconfigFiles(localAPI, tls+"/server-ca.crt", tls+"/"+base)
		if err != nil {
			return err
		}
		if _, err := files.WriteChanged(s.c.Data("server", "cred", name+".kubeconfig"), raw, 0o600); err != nil {
			return err
		}
	}
	raw, err := kube.Kubeconfig(localAPI, s.identity.ServerCA.Cert, s.leaves["client-admin"])
	if err != nil {
		return err
	}
	return writeAdmin(s.c, raw)
}

// writeAdmin writes write-kubeconfig with its mode and group; the usual path becomes a link when it points elsewhere.
func writeAdmin(c *config.Config, raw []byte) error {
	path := c.String("write-kubeconfig", defaultKubeconfig)
	mode, err := strconv.ParseUint(c.String("write-kubeconfig-mode", "600"), 8, 32)
	if err != nil {
		return fmt.Errorf("write-kubeconfig-mode: %w", err)
	}
	if path == defaultKubeconfig {
		if old, err := os.Readlink(path); err == nil && old != "" {
			os.Remove(path)
		}
	}
	if err := os.MkdirAll("/etc/rancher/k3s", 0o755); err != nil {
		return err
	}
	if err := files.Write(path, raw, os.FileMode(mode)); err != nil {
		return err
	}
	if group := c.String("write-kubeconfig-group", ""); group != "" {
		if err := chgrp(path, group); err != nil {
			return err
		}
	}
	if path != defaultKubeconfig {
		return files.Symlink(path, defaultKubeconfig)
	}
	return nil
}

func chgrp(path, group string) error {
	gid, err := strconv.Atoi(group)
	if err != nil {
		g, err := user.LookupGroup(group)
		if err != nil {
			return err
		}
		if gid, err = strconv.Atoi(g.Gid); err != nil {
			return err
		}
	}
	return os.Chown(path, -1, gid)
}
