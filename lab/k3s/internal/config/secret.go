package config

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"picluster/lab/k3s/internal/logger"
)

// tokenFileWait is how long K3s waits for a token file that is not there yet.
const tokenFileWait = 4 * time.Minute

// Secret is the value of key, or the content of the file named by key-file, which wins. A missing file is waited for.
func (c *Config) Secret(ctx context.Context, key string) (string, error) {
	path := c.String(key+"-file", "")
	if path == "" {
		return c.String(key, ""), nil
	}
	deadline := time.Now().Add(tokenFileWait)
	for said := false; ; {
		raw, err := os.ReadFile(path)
		if err == nil {
			return strings.TrimSpace(string(raw)), nil
		}
		if !os.IsNotExist(err) || time.Now().After(deadline) {
			return "", fmt.Errorf("%s: %w", key+"-file", err)
		}
		if !said {
			logger.Infof("Waiting for %s to be available at %s", key, path)
			said = true
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// secrets are the keys whose values never leave the process.
var secrets = map[string]bool{"token": true, "agent-token": true, "etcd-s3-access-key": true, "etcd-s3-secret-key": true,
	"etcd-s3-session-token": true, "vpn-auth": true, "datastore-endpoint": true}

// Redacted is the configuration as the node-args annotation shows it.
func (c *Config) Redacted() []string {
	out := []string{c.Role}
	for _, k := range Keys {
		for _, v := range c.values[k.Name] {
			if secrets[k.Name] {
				v = "********"
			}
			out = append(out, "--"+k.Name, v)
		}
	}
	return out
}
