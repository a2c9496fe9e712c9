#!/bin/sh
# What script(1) starts instead of a shell: the program that TWINSTACK_ARGUMENT_0, _1, … name, each as it is.
set --
index=0
while eval "[ -n \"\${TWINSTACK_ARGUMENT_$index+set}\" ]"; do
  eval "set -- \"\$@\" \"\$TWINSTACK_ARGUMENT_$index\"; unset TWINSTACK_ARGUMENT_$index"
  index=$((index + 1))
done
exec "$@"
