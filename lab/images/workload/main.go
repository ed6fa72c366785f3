// Workload is what the lab deploys to see a cluster work: it answers over HTTP, and when it is told to end it finishes its work first.
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	settings, err := settingsFrom(os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	listener, err := net.Listen("tcp", settings.listen)
	if err != nil {
		log.Fatal(err)
	}
	state := &state{settings: settings}
	server := &http.Server{Handler: state.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	log.Printf("serving on %s", listener.Addr())
	<-terminated.Done()
	state.finishing.Store(true)
	log.Printf("finishing: %d seconds of work", settings.graceWork)
	if err := finish(settings, time.Second); err != nil {
		log.Fatal(err)
	}
	log.Print("done")
	// Requests that are being answered may end; the work is done, so they get little time.
	bounded, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = server.Shutdown(bounded)
}
