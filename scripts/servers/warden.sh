# Outlives the process that started it by a moment and clears up after it: reads folders, one a line, until the pipe
# closes, however the owner died; then kills the servers that run in them and removes them.
# Plain sh: it costs one megabyte for each test process, and its death is nobody's trouble.
trap '' INT TERM HUP
folders=
while IFS= read -r folder; do
  folders="$folders$folder
"
done
[ "$folders" ] || exit 0
# Servers, and programs that work in the folders, are known by their arguments, not by a recorded process id: one
# that was started the moment before its owner was killed is found too, and a process id that was given to another
# program is never hit. Also where the folder is gone: whoever unmounts what it lies on leaves its servers running.
# The patterns come through a pipe, so that grep does not find itself.
tries=0
while [ $tries -lt 50 ]; do
  found=
  for file in $(printf '%s' "$folders" | sed 's,$,/,' | grep -lsaF -f - /proc/[0-9]*/cmdline); do
    pid=${file#/proc/}
    kill -KILL "${pid%/cmdline}" 2>/dev/null && found=1
  done
  [ "$found" ] || break
  tries=$((tries + 1))
  sleep 0.1
done
printf '%s' "$folders" | while IFS= read -r folder; do
  [ -d "$folder" ] || continue
  grep -F " $folder" /proc/mounts | while read -r _ place _; do umount -l "$place"; done
  rm -rf "$folder"
done
