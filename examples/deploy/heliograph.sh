#!/bin/sh
# /usr/local/bin/heliograph: a command as the service would run it, with its user and its settings.
#     heliograph members link
set -eu
prefix=${HELIOGRAPH_PREFIX:-/opt/heliograph}
settings=${HELIOGRAPH_SETTINGS:-/etc/heliograph/heliograph.env}
user=${HELIOGRAPH_USER:-heliograph}

[ "$(id -u)" = 0 ] || { echo "Run this as root: sudo heliograph $*" >&2; exit 1; }
cd /
PATH=$PATH:/usr/sbin:/sbin  # where runuser is: `su` without `-` keeps a path that lacks them
# Nothing of root's own surroundings: directories of root's are closed to the service's user.
exec env -i PATH="$PATH" TERM="${TERM:-dumb}" LANG="${LANG:-C.UTF-8}" \
    runuser -u "$user" -- sh -c 'set -a; . "$1"; shift; exec "$@"' sh "$settings" "$prefix/bin/heliograph" "$@"
