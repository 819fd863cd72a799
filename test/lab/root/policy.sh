#!/bin/sh
# policy.sh — mmdebstrap hook: packages must not start their daemons while the root is made.
# In    $1 = the root
set -eu
printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
chmod 755 "$1/usr/sbin/policy-rc.d"
