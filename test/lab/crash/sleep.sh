#!/bin/sh
# sleep.sh — stands before sleep in the PATH of a host's scripts: where they look every 20 ms they look every 100. With many
# rotations beside each other on a few cores most of the time would go into looking.
[ "$1" != 0.02 ] || set -- 0.1
exec /usr/bin/sleep "$@"
