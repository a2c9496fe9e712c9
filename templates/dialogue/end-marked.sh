# Ends every process that has TWINSTACK_DIALOGUE=$1 in its environment, and all that descend from one, with SIGKILL. They are stopped
# before that, so that none is born while they are counted: a child may have a session and an environment of its own.
# Status 0: there was none. 1: there were some. 2: this machine can't tell.
mark="TWINSTACK_DIALOGUE=$1"
if ! printf 'a\0b\0' | grep -qzxF b || [ ! -r /proc/self/environ ]; then
  echo "grep -z and /proc are needed to find what a dialogue left" >&2
  exit 2
fi

found=" "
while :; do
  before=$found
  for folder in /proc/[0-9]*; do
    process=${folder#/proc/}
    case "$found$$ " in *" $process "*) continue ;; esac
    state= parent=
    while read -r key value _; do
      case $key in
        State:) state=$value ;;
        PPid:) parent=$value && break ;;
      esac
    done 2>/dev/null <"$folder/status"
    # Gone, or dead and not yet taken note of.
    case $state in '' | Z | X) continue ;; esac
    case $found in
      *" $parent "*) ;;
      *) grep -qzxF "$mark" "$folder/environ" 2>/dev/null || continue ;;
    esac
    kill -STOP "$process" 2>/dev/null
    found="$found$process "
  done
  [ "$found" = "$before" ] && break
done

[ "$found" = " " ] && exit 0
kill -KILL $found 2>/dev/null
exit 1
