module picluster/lab/flux/crds

go 1.24.0

require github.com/fluxcd/source-controller v1.7.3
