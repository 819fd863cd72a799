# exchange.sh — one key for another: files in place, agent restarted and seen up, or everything as it was.
#
# It runs in a session of its own, because Run Command ends a command that exceeds its timeout with SIGKILL to the process
# group. All that it needs is noted before it starts, and every step may be taken twice: whatever verb comes next takes them
# again when the node itself went down in between (finish_exchange).

# Notes: direction (forward | back | anew: only the restart), programs, keyFile, identityTo, from, to, gate, agentStartS; of each program
# config, agent, program, service, agentUser, identityFrom, the proxy's as proxy.config and so on.

# Caller holds `lock`. The worker's lock is handed over by inheritance, so there is no moment without a holder.
begin_exchange() {
  exchanging=yes
  note direction "$1"
  note phase switching
  forget_notes result code says
  exec 7>>"$state/working"
  flock 7
  setsid sh "$0" exchange </dev/null >"$state/worker.log" 2>&1 8>&- 9>&- &
  exec 7>&-
}

# Waits for the worker and sets result, code and says.
see_exchange() {
  await working $(($(noted agentStartS) * 3 + 120)) || :
  result=$(noted result)
  [ -n "$result" ] || finish stranded 30 "The exchange of $(noted keyFile) gave no account ($(tail -n 1 "$state/worker.log" | cut -c1-200)): $(what_is_there); run restore."
  code=$(noted code)
  says=$(noted says)
}

# Of an exchange that gave no account: what can be seen. Which key a running agent has read cannot.
what_is_there() (
  recall "$(noted direction)"
  use_program "${programs##* }"
  printf 'in place are the key %s' "$(key_in_place)"
  for each in $programs; do
    use_program "$each"
    runs='does not run'
    [ -z "$(main_processes "$agent")" ] || runs=runs
    printf ' and the identity %s, and the %s %s' "$conf_TLSPSKIdentity" "$kind" "$runs"
  done
)

# Caller holds `lock`, which is let go meanwhile: a worker that lives is waited for. One that has died (the node went down) left
# the phase behind.
let_exchange_end() {
  while [ "$(noted phase)" = switching ] && held working; do
    drop_lock
    await working 300 || refuse "An exchange of $(noted keyFile) has been going on for 5 minutes: see $state/worker.log and try again."
    take_lock
  done
}

# Caller holds `lock`. Finished, not undone: it had begun because the server accepted the key it was putting in place.
finish_exchange() { # direction, when another one is wanted
  let_exchange_end
  while [ "$(noted phase)" = switching ]; do
    begin_exchange "${1:-$(noted direction)}"
    see_exchange
    exchanging=
    let_exchange_end
  done
}

account_for() { # result, exit code, sentence
  note code "$2"
  note says "$3"
  note result "$1"
}

# Are the key and every identity where that exchange would put them? In a shell of its own: what the verb has read stays.
in_place() ( # forward | back
  recall "$1"
  files_are "$wanted" identity
)

# The worker itself.
exchange() {
  recall "$(noted direction)"
  wait_s=$(noted agentStartS)
  untouched=
  if files_are "$was" identity_was; then untouched=yes; fi
  problem=
  if put_in_place; then
    if restart_all; then
      note stoppedAtMs "$first_stop"
      note downMs "$longest_down"
      note oldKey not-asked
      note inPlace "$wanted"
      note listeningAtMs "$up_at" # the last one: an account is told only where this is noted
      since="since $longest_down ms after its stop."
      case $direction:$first in
        forward:*) account_for switched 0 "The $kinds_in_words on the new key $since" ;;
        *:yes) account_for restored 0 "The $kinds_in_words without a key again $since" ;;
        *) account_for restored 0 "The $kinds_in_words on the previous key again $since" ;;
      esac
      settle "$(noted result)"
      return 0
    fi
    untouched='' problem="the $kind did not come up on the key $wanted ($died_of)"
  else
    problem=${problem:-"the files could not be put in place ($(tail -n 1 "$state/worker.log" | cut -c1-200))"}
  fi
  go_back
}

# One after the other, so that each is away for its own time only. Sets first_stop, longest_down and, of the last one, up_at.
restart_all() {
  first_stop='' longest_down=0
  for each in $programs; do
    use_program "$each"
    default_config=$(compiled_in "$program")
    stopped_at=$(now_ms)
    [ -n "$first_stop" ] || first_stop=$stopped_at
    stop_agent
    start_agent "$wait_s" || return 1
    [ "$kind" = agent ] || note proxy.logOffset "$log_offset"
    [ "$longest_down" -ge $((up_at - stopped_at)) ] || longest_down=$((up_at - stopped_at))
  done
}

all_run() {
  for each in $programs; do
    use_program "$each"
    [ -n "$(main_processes "$agent")" ] || return 1
  done
}

# 20 is claimed only when all files have been looked at and every program has been seen.
go_back() {
  if ! put_back; then
    if [ -z "$untouched" ]; then
      restart_all || problem="$problem; nor does the $kind come up now ($died_of)"
    fi
    identities=
    for each in $programs; do
      use_program "$each"
      identities=$identities${identities:+ and }$conf_TLSPSKIdentity
    done
    take_identities
    account_for stranded 30 "Going back failed: $problem; in place are the key $(key_in_place) and the identity $identities, wanted $was and $identity_was: run restore$([ -n "$first" ] || echo ", or compare $keyFile and $identity_file with their .previous")."
    # What has been switched is not all back: restore has something to do.
    if [ "$direction" = anew ]; then settle restored; else settle switched; fi
    return 0
  fi
  if [ -n "$untouched" ] && all_run; then
    account_for agent-did-not-start 20 "Nothing was exchanged: $problem; the $kind was not touched."
  elif restart_all; then
    account_for agent-did-not-start 20 "Nothing was exchanged: $problem; it runs on the key that was in place before."
  else
    account_for stranded 30 "The key that was in place before is in place and the $kind is not up: $problem, then $died_of; start it by hand and see its log."
  fi
  if [ "$direction" = back ]; then settle switched; else settle restored; fi
}

settle() { # phase
  sync "$state" || :
  note phase "$1"
}

# What is wanted and what was: told by the notes, because an exchange that was cut short has moved the files already.
recall() { # forward | back | anew
  direction=$1 keyFile=$(noted keyFile) programs=$(noted_programs) first=
  ! is_no_key "$(noted from)" || first=yes
  case $programs in *proxy*agent*) kinds_in_words='proxy and the agent run' ;; *) kinds_in_words="$programs runs" ;; esac
  case $direction in
    forward) wanted=$(noted to) source=$keyFile.next was=$(noted from) aside=$keyFile.previous ;;
    back) wanted=$(noted from) source=$keyFile.previous was=$(noted to) aside=$keyFile.next ;;
    anew) wanted=$(noted from) was=$(noted from) source='' aside='' ;;
  esac
}

# Of the program in hand: the identity that belongs to the wanted key, and the one that belongs to the other.
take_identities() {
  identity=$(noted identityTo) identity_was=$(noted "${own}identityFrom")
  case $direction:$identity in
    anew:* | *:keep) identity=$conf_TLSPSKIdentity identity_was=$conf_TLSPSKIdentity ;;
    back:*) identity=$identity_was identity_was=$(noted identityTo) ;;
  esac
}

files_are() { # fingerprint, identity | identity_was
  [ -n "$first" ] || [ "$(fingerprint_of "$keyFile")" = "$1" ] || return 1
  for each in $programs; do
    use_program "$each"
    [ -z "$first" ] || [ "$(key_in_force)" = "$1" ] || return 1
    take_identities
    eval "[ \"\$conf_TLSPSKIdentity\" = \"\$$2\" ]" || return 1
  done
}

# Of the program in hand where there was none before, otherwise of all.
key_in_place() { if [ -n "$first" ]; then key_in_force; else fingerprint_of "$keyFile"; fi; }

# Forward: next becomes the key, the key becomes previous. Back: previous becomes the key, the key becomes next, so that a
# failed restore can return to it. Anew: nothing is to be moved. Taken twice it changes nothing more.
put_in_place() {
  if [ -n "$first" ]; then
    if is_no_key "$wanted"; then take_first_key_away; else give_first_key "$wanted"; fi || return 1
    files_are "$wanted" identity
    return
  fi
  if [ "$(fingerprint_of "$keyFile")" != "$wanted" ]; then
    if [ -z "$source" ] || [ "$(fingerprint_of "$source")" != "$wanted" ]; then
      problem="${source:-$keyFile} is not the key that was to be put in place"
      return 1
    fi
    set_aside "$keyFile" "$aside" || return 1
  fi
  for each in $programs; do
    use_program "$each"
    take_identities
    [ "$conf_TLSPSKIdentity" != "$identity" ] || continue
    if [ "$direction" = forward ]; then new_configuration || return 1; else previous_configuration || return 1; fi
  done
  [ "$(fingerprint_of "$keyFile")" = "$wanted" ] || { mv -fT "$source" "$keyFile" && sync "${keyFile%/*}"; } || return 1
  files_are "$wanted" identity || {
    problem="the files hold $(fingerprint_of "$keyFile") and $conf_TLSPSKIdentity where $wanted and $identity were written"
    return 1
  }
}

# A second name for the file: owner, mode and label come with it, and the key is never without a name.
# Where there can be none it is copied: content and rights of one open file, since its name may come to mean another meanwhile.
set_aside() { # file, name
  case $2 in
    "$state"/*) cp -p "$1" "$2" ;;
    *) rm -f "$2" && { ln -T "$1" "$2" 2>/dev/null || create "$2" /proc/self/fd/0 <"$1"; } ;;
  esac
}

new_configuration() {
  identity_file=$(readlink -f "$identity_file")
  kept=$(kept_copy "$identity_file")
  set_aside "$identity_file" "$kept" || return 1
  note "${own}keptFile" "$kept"
  note "${own}identityFile" "$identity_file"
  note "${own}identityLine" "$identity_line"
  write_identity "$identity"
}

# The very file that was kept; where somebody has written to the other since, only the line. It is read once and then judged,
# because its directory may belong to the agent's user.
previous_configuration() {
  identity_file=$(readlink -f "$identity_file")
  kept=$(noted "${own}keptFile")
  if [ "$identity_file" = "$(noted "${own}identityFile")" ] && [ -f "$kept" ] && cat "$kept" >"$state/configuration.kept" &&
    [ "$(with_identity "$state/configuration.kept" "$(noted "${own}identityLine")" "$(noted identityTo)" | sha256sum)" = "$(sha256sum <"$identity_file")" ]; then
    replace "$identity_file" <"$state/configuration.kept"
  else
    write_identity "$(noted "${own}identityFrom")"
  fi
}

write_identity() { # identity: in the line that is in force
  # Content and rights of one open file: the agent's user must not have root copy another one by swapping links.
  # shellcheck disable=SC2094 # the new file is written beside the old one
  {
    cat <&5 >"$state/configuration.now" &&
      with_identity "$state/configuration.now" "$identity_line" "$1" | replace "$identity_file" /proc/self/fd/5
  } 5<"$identity_file"
}

# The files as they were before put_in_place. Succeeds only when they are seen to be.
put_back() {
  if [ -n "$first" ]; then
    if is_no_key "$was"; then take_first_key_away && rm -f "$keyFile.next"; else give_first_key "$was"; fi || return 1
    files_are "$was" identity_was
    return
  fi
  if [ "$(fingerprint_of "$keyFile")" != "$was" ]; then
    [ -n "$aside" ] && [ "$(fingerprint_of "$aside")" = "$was" ] || return 1
    if [ "$direction" = back ]; then set_aside "$keyFile" "$source" || return 1; fi
    mv -fT "$aside" "$keyFile" && sync "${keyFile%/*}" || return 1
  fi
  rm -f "$keyFile.next"
  for each in $programs; do
    use_program "$each"
    take_identities
    [ "$conf_TLSPSKIdentity" != "$identity_was" ] || continue
    if [ "$direction" = forward ]; then
      previous_configuration || return 1
    else
      identity_file=$(readlink -f "$identity_file")
      write_identity "$identity_was" || return 1
    fi
  done
  files_are "$was" identity_was
}

if [ "${1:-}" = exchange ]; then
  verb=exchange finished=worker
  exchange
  exit 0
fi
