# state.sh — what this node remembers of the rotation under way, and who may change it.
# One value per file below $state. Three locks, all let go by the kernel when their holder dies:
#   lock     held for as long as a verb looks and decides, never while it waits
#   waiting  held by the switch or restore that is armed (file descriptor 8)
#   working  held by the exchange that runs in a session of its own (file descriptor 7)
state=/var/lib/zabbix-psk-rotation

note() { # name, value
  printf '%s\n' "$2" >"$state/$1.new" &&
    mv -f "$state/$1.new" "$state/$1"
}

noted() { # name
  [ -f "$state/$1" ] || return 0
  IFS= read -r noted_value <"$state/$1" || :
  printf '%s' "$noted_value"
}

forget_notes() { # name…
  for name in "$@"; do rm -f "$state/$name"; done
}

# `forget` removes the directory with the lock in it: whoever waited then holds the lock of a file that is gone, and tries again.
take_lock() {
  while :; do
    mkdir -p "$state"
    exec 9>>"$state/lock"
    flock -w 60 9 || refuse "Another script has been holding $state/lock for a minute: see what it does (fuser $state/lock) and try again."
    [ "$(stat -Lc %i /proc/self/fd/9 2>/dev/null)" != "$(stat -c %i "$state/lock" 2>/dev/null)" ] || break
    exec 9>&-
  done
  locked=yes
}

drop_lock() {
  locked=''
  exec 9>&-
}

held() { # waiting | working: does somebody alive hold it?
  [ -e "$state/$1" ] || return 1
  ! flock -n "$state/$1" true 9>&- 8>&- 7>&-
}

await() { # waiting | working, longest time in seconds
  [ ! -e "$state/$1" ] || flock -w "$2" "$state/$1" true 9>&- 8>&- 7>&-
}

# What stands in place of a fingerprint where there is no PSK.
is_no_key() { # fingerprint
  case $1 in unencrypted | certificate) ;; *) return 1 ;; esac
}

# Is an agent without a PSK what is expected here? Everybody else is told to give it one.
expects_no_key() { [ "${firstEncryption:-no}" != no ] || is_no_key "$(noted from)"; }

same_rotation() { [ "$(noted secretId)" = "$secretId" ] && [ "$(noted versionId)" = "$versionId" ]; }

# `armed` by a command that was killed while it waited is what was before: nothing has been touched.
phase() {
  phase_noted=$(noted phase)
  if [ "$phase_noted" = armed ] && ! held waiting; then
    case $(noted direction) in forward) phase_noted=prepared ;; back) phase_noted=switched ;; anew) phase_noted=restored ;; esac
  fi
  printf '%s' "$phase_noted"
}

tell_rotation() {
  known rotation null
  known lastSwitch null
  [ -n "$(noted phase)" ] || return 0
  known rotation "$(object S secretId "$(noted secretId)" S versionId "$(noted versionId)" s phase "$(phase)")"
  known gates "$(noted gates)"
  [ -n "$(noted listeningAtMs)" ] || return 0
  known lastSwitch "$(object S gate "$(noted gate)" r waitedMs "$(noted waitedMs)" r probes "$(noted probes)" \
    r stoppedAtMs "$(noted stoppedAtMs)" r listeningAtMs "$(noted listeningAtMs)" r downMs "$(noted downMs)" \
    S oldKey "$(noted oldKey)" S to "$(noted inPlace)")"
}

# The account of the exchange, beside lastSwitch: in the replies of switch and restore.
tell_account() {
  tell_rotation
  [ -n "$(noted listeningAtMs)" ] || return 0
  for field in gate waitedMs probes stoppedAtMs listeningAtMs downMs oldKey; do known "$field" "$(noted "$field")"; done
  known to "$(noted inPlace)"
}

# Everything of the rotation that is noted, but for the locks: others may wait for them.
clear_rotation() {
  if [ -n "$(noted keyFile)" ]; then rm -f "$(noted keyFile).next" "$(noted keyFile).previous"; fi
  remove_kept
  find "$state" -mindepth 1 -maxdepth 1 ! -name lock ! -name waiting ! -name working -exec rm -rf {} +
}

remove_kept() {
  for kept in "$(noted keptFile)" "$(noted proxy.keptFile)"; do [ -z "$kept" ] || rm -f "$kept"; done
}

refuse_late() {
  [ "$(date +%s)" -lt "${notAfter:-0}" ] ||
    refuse "This command was good until $(date -u -d "@${notAfter:-0}" +%Y-%m-%dT%H:%M:%SZ) and the node's clock says $(date -u +%Y-%m-%dT%H:%M:%SZ): send it again, or set the clock."
}

refuse_busy() {
  refuse "This node is busy with another rotation ($(noted secretId), version $(noted versionId), $(phase)): let it end, or run restore and forget for it."
}
