// Package config reads K3s's configuration with K3s's rules (reference/k3s.md sections 1 and 2).
package config

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Config is what files, flags and environment together say.
type Config struct {
	Role     string
	Warnings []string // to be logged once logging is up
	values   map[string][]string
}

// String is the last value given, or def.
func (c *Config) String(key, def string) string {
	if v := c.values[key]; len(v) > 0 {
		return v[len(v)-1]
	}
	return def
}

// Bool is false unless set.
func (c *Config) Bool(key string) bool {
	b, _ := strconv.ParseBool(c.String(key, "false"))
	return b
}

// List is every value given, those with commas split.
func (c *Config) List(key string) []string {
	var out []string
	for _, v := range c.values[key] {
		for _, x := range strings.Split(v, ",") {
			if x = strings.TrimSpace(x); x != "" {
				out = append(out, x)
			}
		}
	}
	return out
}

// Raw is every value given, unsplit: component arguments hold commas of their own.
func (c *Config) Raw(key string) []string { return c.values[key] }

// First is the first element of a list: the lab has one IP family.
func (c *Config) First(key, def string) string {
	if l := c.List(key); len(l) > 0 {
		return l[0]
	}
	return def
}

// Data is a path below the data directory.
func (c *Config) Data(parts ...string) string {
	return filepath.Join(append([]string{c.String("data-dir", "/var/lib/rancher/k3s")}, parts...)...)
}

// NodeName is the name of this machine's Node object.
func (c *Config) NodeName() string {
	host, _ := os.Hostname()
	return strings.ToLower(c.String("node-name", host))
}

// NodeIP is the configured address, or the one the default route leaves from.
func (c *Config) NodeIP() string {
	if ip := c.First("node-ip", ""); ip != "" {
		return ip
	}
	conn, err := net.Dial("udp", "198.51.100.1:9") // sends nothing: asks the routing table
	if err != nil {
		return "127.0.0.1"
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).IP.String()
}

// Disabled says whether an AddOn's base name or directory is in `disable`.
func (c *Config) Disabled(name string) bool {
	for _, d := range c.List("disable") {
		if d == name {
			return true
		}
	}
	return false
}
