package config

import (
	"sort"
	"strings"
)

// ComponentArgs merges a component's default arguments with the operator's (reference/k3s.md section 1.7).
//
// An operator's argument replaces the default of its name, and the same name twice gives the flag twice; `name+=v` keeps
// the default and adds after it, `name-=v` adds before it. Leading dashes are optional, a missing value is `true`.
func ComponentArgs(defaults map[string]string, extra []string) []string {
	values := map[string][]string{}
	for _, e := range extra {
		name, value, given := strings.Cut(strings.TrimPrefix(e, "--"), "=")
		if !given {
			value = "true"
		}
		bare := strings.TrimRight(name, "+-")
		if given && bare != name && len(values[bare]) == 0 {
			if d, ok := defaults[bare]; ok {
				values[bare] = []string{d}
			}
		}
		if given && strings.HasSuffix(name, "-") {
			values[bare] = append([]string{value}, values[bare]...)
		} else {
			values[bare] = append(values[bare], value)
		}
	}
	for name, value := range defaults {
		if _, replaced := values[name]; !replaced {
			values[name] = []string{value}
		}
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	var out []string
	for _, name := range names {
		for _, v := range values[name] {
			out = append(out, "--"+name+"="+v)
		}
	}
	return out
}
