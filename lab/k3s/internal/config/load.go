package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Load reads configuration files, the command line (args without the subcommand) and the environment.
//
// Files become flags before the command line, so for scalars the command line beats the file, and the file beats the
// environment. An unknown key in a file is a warning for a server and an error for an agent; an unknown flag is an error.
func Load(role string, args []string, env func(string) string) (*Config, error) {
	keys := known(role)
	entries, err := readFiles(configFile(args, env))
	if err != nil {
		return nil, err
	}
	c := &Config{Role: role, values: map[string][]string{}}
	if role == Server {
		entries = c.dropUnknown(entries, keys)
	}
	if err := c.parse(append(arguments(entries), args...), keys); err != nil {
		return nil, err
	}
	if err := c.takeEnvironment(role, env); err != nil {
		return nil, err
	}
	for _, k := range Keys {
		if _, set := c.values[k.Name]; set && !k.Acts {
			c.Warnings = append(c.Warnings, fmt.Sprintf("the lab accepts and ignores %s", k.Name))
		}
	}
	return c, nil
}

func (c *Config) dropUnknown(entries []entry, keys map[string]Key) []entry {
	var kept []entry
	for _, e := range entries {
		if _, ok := keys[e.key]; ok {
			kept = append(kept, e)
			continue
		}
		dashes := "--"
		if len(e.key) == 1 {
			dashes = "-"
		}
		c.Warnings = append(c.Warnings, fmt.Sprintf("Unknown flag %s found in config.yaml, skipping", dashes+e.key))
	}
	return kept
}

// parse follows Go's flag package: one or two dashes, a bool takes its value only after "=", the first word that is no flag ends it.
func (c *Config) parse(args []string, keys map[string]Key) error {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if len(a) < 2 || a[0] != '-' || a == "--" {
			return nil
		}
		name, value, given := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-"), "=")
		key, ok := keys[name]
		if !ok {
			return fmt.Errorf("flag provided but not defined: -%s", name)
		}
		if !given {
			switch {
			case key.Kind == Bool:
				value = "true"
			case i+1 < len(args):
				i++
				value = args[i]
			default:
				return fmt.Errorf("flag needs an argument: -%s", name)
			}
		}
		if err := valid(key.Kind, value); err != nil {
			return fmt.Errorf("invalid value %q for flag -%s: %v", value, name, err)
		}
		c.values[key.Name] = append(c.values[key.Name], value)
	}
	return nil
}

func (c *Config) takeEnvironment(role string, env func(string) string) error {
	for _, k := range known(role) {
		if k.Env == "" || env(k.Env) == "" || k.Name == "config" {
			continue
		}
		if _, set := c.values[k.Name]; set {
			continue
		}
		if err := valid(k.Kind, env(k.Env)); err != nil {
			return fmt.Errorf("could not parse %q from environment variable %s for flag %s: %v", env(k.Env), k.Env, k.Name, err)
		}
		c.values[k.Name] = []string{env(k.Env)}
	}
	return nil
}

func valid(kind Kind, value string) (err error) {
	switch kind {
	case Bool:
		_, err = strconv.ParseBool(value)
	case Int:
		_, err = strconv.ParseInt(value, 0, 64)
	case Duration:
		_, err = time.ParseDuration(value)
	}
	if err != nil {
		return fmt.Errorf("parse error")
	}
	return nil
}
