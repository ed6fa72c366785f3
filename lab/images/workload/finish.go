package main

import (
	"fmt"
	"log"
	"os"
	"time"
)

// finish does the work that remains: one unit each `unit` (a second, but for tests), each noted in the progress file at once, "done" at the end.
func finish(s settings, unit time.Duration) error {
	for n := 1; n <= s.graceWork; n++ {
		time.Sleep(unit)
		if err := note(s.progressFile, fmt.Sprintf("%s finishing %d of %d", time.Now().UTC().Format(time.RFC3339), n, s.graceWork)); err != nil {
			return err
		}
	}
	return note(s.progressFile, "done")
}

// note appends a line and waits until it is on the disk: the node may lose its power right after.
func note(file, line string) error {
	log.Print(line)
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, line); err != nil {
		return err
	}
	return f.Sync()
}
