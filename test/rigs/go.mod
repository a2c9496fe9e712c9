module twinstack.local/rigs

go 1.23
