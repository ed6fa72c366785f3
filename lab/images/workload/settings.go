package main

import (
	"fmt"
	"os"
	"strconv"
)

type settings struct {
	listen, hostname, message string
	// graceWork is how many seconds of work remain when the process is told to end.
	graceWork int
	// progressFile gets a line for each second of that work, then "done"; empty: none.
	progressFile string
}

// settingsFrom reads LISTEN (default :8080), MESSAGE, GRACE_WORK_SECONDS (default 0) and PROGRESS_FILE.
func settingsFrom(env func(string) string) (settings, error) {
	s := settings{listen: env("LISTEN"), message: env("MESSAGE"), progressFile: env("PROGRESS_FILE")}
	if s.listen == "" {
		s.listen = ":8080"
	}
	if text := env("GRACE_WORK_SECONDS"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 0 {
			return s, fmt.Errorf("GRACE_WORK_SECONDS: %q is not a number of seconds", text)
		}
		s.graceWork = seconds
	}
	var err error
	s.hostname, err = os.Hostname()
	return s, err
}
