package process

import (
	"context"
	"time"

	"picluster/lab/k3s/internal/logger"
)

// Retry calls f until it succeeds or ctx ends, and logs each new reason once. what continues "Waiting to ...".
func Retry(ctx context.Context, what string, pause time.Duration, f func() error) error {
	for last := ""; ; {
		err := f()
		if err == nil {
			return nil
		}
		if err.Error() != last {
			last = err.Error()
			logger.Infof("Waiting to %s: %v", what, err)
		}
		if !Sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// Sleep waits, and says false when ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
