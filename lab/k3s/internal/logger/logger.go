// Package logger prints the lines that K3s prints: logrus' text format on stderr.
package logger

import (
	"fmt"
	"os"
	"time"
)

func line(level, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%q\n", time.Now().UTC().Format(time.RFC3339), level, fmt.Sprintf(format, args...))
}

// Infof logs what happens.
func Infof(format string, args ...any) { line("info", format, args...) }

// Warnf logs what the operator should look at.
func Warnf(format string, args ...any) { line("warning", format, args...) }

// Errorf logs a failure that is retried.
func Errorf(format string, args ...any) { line("error", format, args...) }

// Fatalf logs and ends the process with status 1; systemd starts it again.
func Fatalf(format string, args ...any) {
	line("fatal", format, args...)
	os.Exit(1)
}
