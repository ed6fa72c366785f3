package main

import (
	"context"
	"net"

	"github.com/spf13/cobra"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	genericapiserver "k8s.io/apiserver/pkg/server"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// newAPIServerCommand is upstream's with one difference, K3s's own: it listens on the loopback interface, and says port 6443
// (the supervisor's) where it tells others its port, in the endpoints of the `kubernetes` Service.
func newAPIServerCommand() *cobra.Command {
	o := options.NewServerRunOptions()
	ctx := genericapiserver.SetupSignalContext()
	cmd := &cobra.Command{Use: "kube-apiserver", SilenceUsage: true, RunE: func(*cobra.Command, []string) error {
		if err := o.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
			return err
		}
		if err := logsapi.ValidateAndApply(o.Logs, utilfeature.DefaultFeatureGate); err != nil {
			return err
		}
		return runAPIServer(ctx, o)
	}}
	for _, f := range o.Flags().FlagSets {
		cmd.Flags().AddFlagSet(f)
	}
	return cmd
}

func runAPIServer(ctx context.Context, o *options.ServerRunOptions) error {
	completed, err := o.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return utilerrors.NewAggregate(errs)
	}
	config, err := app.NewConfig(completed)
	if err != nil {
		return err
	}
	serving := config.KubeAPIs.ControlPlane.Generic.SecureServing
	serving.Listener = advertised{serving.Listener, 6443}
	ready, err := config.Complete()
	if err != nil {
		return err
	}
	chain, err := app.CreateServerChain(ready)
	if err != nil {
		return err
	}
	prepared, err := chain.PrepareRun()
	if err != nil {
		return err
	}
	return prepared.Run(ctx)
}

// advertised is a listener that names another port than its own.
type advertised struct {
	net.Listener
	port int
}

func (l advertised) Addr() net.Addr {
	if a, ok := l.Listener.Addr().(*net.TCPAddr); ok {
		return &net.TCPAddr{IP: a.IP, Port: l.port, Zone: a.Zone}
	}
	return l.Listener.Addr()
}
