module twinstack.local/rigs/k8s

go 1.23
