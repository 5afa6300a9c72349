// The shell script that restores a folder of files with nothing but a plain client.

export const restoreProgram = `#!/bin/sh
# Restores everything in this folder into an empty server, with nothing but its plain client:
#   sh restore.sh --host=db2 --user=root -p
# What follows is given to the client. MYSQL=/path/to/client names it; otherwise mysql or mariadb is taken from PATH.
# The server must allow LOAD DATA LOCAL: SET GLOBAL local_infile = 1
set -eu
cd "$(dirname "$0")"
if [ ! -f SHA256SUMS ]; then
  echo "restore.sh: this folder is not whole, SHA256SUMS is missing: the export that made it did not end" >&2
  exit 1
fi
if [ -z "\${MYSQL:-}" ]; then
  if command -v mysql >/dev/null 2>&1; then MYSQL=mysql; else MYSQL=mariadb; fi
fi
exec "$MYSQL" "$@" --binary-mode --comments --local-infile=1 --default-character-set=utf8mb4 \\
  --max-allowed-packet=1G <restore.sql
`
