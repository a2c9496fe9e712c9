# Sends SIGKILL to every process that has TWINSTACK_DIALOGUE=$1 in its environment. Status 0: there is none left. 1: there were some.
found=0
for environment in /proc/[0-9]*/environ; do
  process=${environment#/proc/}
  process=${process%/environ}
  if [ "$process" != "$$" ] && grep -qzxF "TWINSTACK_DIALOGUE=$1" "$environment" 2>/dev/null; then
    kill -KILL "$process" 2>/dev/null
    found=1
  fi
done
exit "$found"
