module picluster/lab/images

go 1.24.0
