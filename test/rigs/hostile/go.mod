module twinstack.local/rigs/hostile

go 1.23
