# restore.sh — put the previous key back when the server accepts it, or call off what has not happened yet.
# In    SSM_secretId, SSM_versionId, SSM_config, SSM_proxyConfig, SSM_firstEncryption, SSM_gate, SSM_notAfter, SSM_serverWaitS, SSM_agentStartS,
#       SSM_probeEveryS
# Out   last line of stdout is one JSON object, never a key
# Exit  0 restored · 10 not this rotation's to restore · 20 not accepted in time, or the agent stays on the key it has · 30 agent down
begin restore
program_parameters
parameter gate 'a-z-'
parameter notAfter '0-9'
parameter serverWaitS '0-9'
parameter agentStartS '0-9'
parameter probeEveryS '0-9'

main() {
  refuse_late
  take_lock
  find_what_is_switched
  see_prepared_programs
  arm back
  gate_code=0
  identity_from=$(noted "${own}identityFrom") identity_to=$conf_TLSPSKIdentity
  previous=$keyFile.previous
  [ "$known_fingerprint" != "$(noted from)" ] || previous=$keyFile # half done: only the identity is to be put back
  wait_at_gate "$previous" "$identity_from" || gate_code=$?
  [ $gate_code = 2 ] || take_lock # as in switch
  still_armed || gate_code=2
  if [ $gate_code != 0 ]; then
    if still_armed; then note phase switched; fi
    tell_rotation
    finish not-accepted 20 "The server did not accept the previous key within $((($(now_ms) - armed_at) / 1000)) s ($probes times asked; ${verdict_says:-nothing in the log}); the agent stays on the key $known_fingerprint: give the server the previous key first."
  fi
  note waitedMs "$waited_ms"
  note probes "$probes"
  begin_exchange back
  drop_lock
  see_exchange
  if [ "$result" = restored ]; then
    ask_with_other_key "$keyFile.next" "$identity_to"
    rm -f "$keyFile.next"
    remove_kept
  fi
  tell_end "$result" "$code" "$says"
}

# Goes on only when the new key is in place and the previous one can be put back.
find_what_is_switched() {
  while :; do
    if [ -z "$(phase)" ]; then
      known again true
      rm -rf "$state"
      tell_end restored 0 "Nothing of a rotation is left on this node: the key in place is the key in place."
    fi
    same_rotation || refuse_busy
    if held waiting; then
      [ "$(noted phase):$(noted direction)" != armed:forward ] || call_off
      join
      continue
    fi
    finish_exchange
    case $(phase) in
      prepared) call_off ;;
      restored)
        ask_again
        bring_up
        ;;
      switched)
        keyFile=$(noted keyFile)
        if in_place back; then call_off; fi
        # What takes a first key away again is in the configuration itself.
        ! is_no_key "$(noted from)" || return 0
        if [ "$(fingerprint_of "$keyFile")" != "$(noted from)" ] && [ "$(fingerprint_of "$keyFile.previous")" != "$(noted from)" ]; then
          refuse "$keyFile.previous is gone or is not the previous key $(noted from): give Zabbix the key that the agent has, or put the key there by hand."
        fi
        return 0
        ;;
      *) refuse "The state of this rotation cannot be read (phase \"$(noted phase)\"): look at $state." ;;
    esac
  done
}

# Whatever waits or has just exchanged is let end first; a restore that was delivered twice gives its twin's account.
join() {
  joined=$(noted direction)
  drop_lock
  await waiting 3600 || :
  take_lock
  if [ "$joined" != forward ] && [ "$(noted result)" = restored ] && [ "$(phase)" = restored ]; then
    known again true
    tell_end restored "$(noted code)" "$(noted says)"
  fi
}

# Taken away under the lock, from a switch that may be waiting: it finds itself disarmed and ends. `restored`, not `prepared`,
# so that a switch that is delivered late finds nothing to do.
call_off() {
  forget_notes armedBy
  rm -f "$(noted keyFile).next"
  note phase restored
  bring_up
}

# The agent went back by itself while the server still had the new key. One that asks was refused then and asks again only after
# 60 s (zabbix_agentd) or 120 s (agent 2 of 6.0): started anew as soon as the server takes its key, it is heard at once. A proxy asks
# again every second.
# By the worker, as every restart: a command that is killed must not leave the agent stopped.
ask_again() {
  [ "$(noted result)" = agent-did-not-start ] || return 0
  case $gate in shadow-agent | zabbix-sender) ;; *) return 0 ;; esac
  in_place back || return 0
  see_prepared_programs
  { [ -z "$not_running" ] && [ "$kind $active" = 'agent true' ]; } || return 0
  arm anew
  gate_code=0
  wait_at_gate "$keyFile" "$conf_TLSPSKIdentity" || gate_code=$?
  take_lock
  still_armed || return 0
  if [ $gate_code != 0 ]; then
    note phase restored
    return 0
  fi
  note waitedMs "$waited_ms"
  note probes "$probes"
  begin_exchange anew
  drop_lock
  see_exchange
  known again true
  tell_end "$result" "$code" "$says"
}

# The previous key is in place. If the agent is down all the same it is started: restore is what a human or a repair runs last.
bring_up() {
  known again true
  see_programs noted
  if [ -n "$not_running" ]; then
    for each in $programs; do
      use_program "$each"
      default_config=$(compiled_in "$program")
      [ -z "$(own_processes)" ] || continue
      start_agent "${agentStartS:-30}" || tell_end stranded 30 "The previous key is in place and the $kind does not come up on it ($died_of): start it by hand and see its log."
    done
  fi
  ! is_no_key "$(noted from)" || tell_end restored 0 'No key is in use, as before.'
  tell_end restored 0 "The previous key is in place."
}

tell_end() { # outcome, exit code, sentence
  if [ -d "$state" ]; then see_programs noted; else see_programs wanted; fi
  tell_account
  finish "$@"
}

main
