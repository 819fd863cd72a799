#!/bin/sh
# effect-shim.sh — stands before a program in the PATH of a host's scripts: counts the effect that the program has, and lets the
# script, its worker or the whole node die at the one that is planned. For everybody else it is the program itself.
# In    CRASH_VERB (set by the lab for a verb's script), CRASH_SESSION, /opt/crash/plan: "moment dies nth" and the effect
# Out   a line in /opt/crash/effects for every effect; /opt/crash/struck when the plan has been carried out
name=${0##*/}
real=/usr/bin/$name
[ -n "${CRASH_VERB-}" ] || exec "$real" "$@"
last=
for last; do :; done
case $name in
  # Only where it writes what it reads from stdin; elsewhere it reads.
  cat) [ $# = 0 ] || exec "$real" "$@" ;;
  env) name=service ;;
  find) last=everything ;;
  mkdir) [ ! -d "$last" ] || exec "$real" "$@" ;;
  openssl)
    [ "$1" = genpkey ] || exec "$real" "$@"
    if [ -x /opt/crash/genpkey ]; then real=/opt/crash/genpkey; fi
    ;;
  rm) [ -e "$last" ] || exec "$real" "$@" ;;
esac
effect="$CRASH_VERB ${CRASH_SESSION:-script} $name ${last##*/}"
effect=${effect% }
printf '%s\n' "$effect" >>/opt/crash/effects
# What find removes is one effect, in an order that no two directories share.
if [ "$name" = find ]; then unset CRASH_VERB; fi
if [ "$name" = setsid ]; then export CRASH_SESSION=worker; fi

strike() {
  /usr/bin/mv -T /opt/crash/plan /opt/crash/struck 2>/dev/null || return 0
  case $dies in
    node) kill -KILL -1 && kill -KILL $$ ;;
    *) kill -KILL 0 ;;
  esac
}

planned=
if [ -f /opt/crash/plan ]; then { read -r moment dies nth && read -r planned; } </opt/crash/plan; fi
if [ "$planned" != "$effect" ] || [ "$(grep -cxF "$effect" /opt/crash/effects)" != "$nth" ]; then exec "$real" "$@"; fi
if [ "$moment" = before ]; then strike; fi
"$real" "$@"
code=$?
if [ "$moment" = after ]; then strike; fi
exit $code
