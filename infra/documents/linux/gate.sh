# gate.sh — armed: waiting until the server accepts the key that is about to be put in place.

# Caller holds `lock`, which is dropped. Whoever takes the note `armedBy` away, under the lock, has disarmed this command.
arm() { # forward | back | anew
  exec 8>>"$state/waiting"
  flock -n 8 || refuse "Another command is waiting at the gate on this node: let it end."
  armed_by="$$ $(now_ms)"
  note direction "$1"
  note gate "$gate"
  note waitedMs 0
  note probes 0
  note agentStartS "${agentStartS:-30}"
  note armedBy "$armed_by"
  note phase armed
  drop_lock
}

# The function has asked the server itself, or wants no waiting: the name is for the account only.
opened_by_function() {
  case $gate in now | script-execute | port-probe) ;; *) return 1 ;; esac
}

still_armed() { [ "$(noted phase)" = armed ] && [ "$(noted armedBy)" = "$armed_by" ]; }

# 0 accepted · 1 not in time · 2 disarmed by another command. Sets waited_ms, probes and verdict_says.
wait_at_gate() { # key file, identity
  armed_at=$(now_ms) probes=0 waited_ms=0 verdict_says=''
  places=$(noted places)
  [ -n "$places" ] || places=$(probe_places) # a state that an earlier release has left
  if opened_by_function; then return 0; fi
  wait_until=$((armed_at + ${serverWaitS:-0} * 1000))
  [ "$wait_until" -le $((notAfter * 1000)) ] || wait_until=$((notAfter * 1000))
  log_offset=$(in_log log_size)
  # What the proxy says of a refusal it says once: it may have done so before it was to go back.
  if [ "$gate $(noted direction)" = 'proxy-log back' ]; then
    log_offset=$(noted proxy.logOffset)
    log_offset=${log_offset:-0}
  fi
  while still_armed; do
    asked_at=$(now_ms)
    probes=$((probes + 1))
    if opens "$1" "$2"; then
      waited_ms=$(($(now_ms) - armed_at))
      return 0
    fi
    if [ "$(now_ms)" -ge "$wait_until" ]; then
      # A program that hangs says nothing. On the way back the server has the previous key by now, whoever could not hear of it.
      case "$gate $(noted direction)" in 'proxy-log back' | 'agent-log back') ;; *) return 1 ;; esac
      waited_ms=$(($(now_ms) - armed_at))
      return 0
    fi
    # Every refused probe writes three lines into the log of the server or proxy: one a second is enough, and fewer where it takes an hour.
    pause_ms=$((asked_at + ${probeEveryS:-1} * 1000 - $(now_ms)))
    [ $pause_ms -le 0 ] || sleep "$((pause_ms / 1000)).$(printf '%03d' $((pause_ms % 1000)))"
  done
  return 2
}

opens() { # key file, identity
  case $gate in
    # One that is down says nothing, and loses nothing by coming up on the other key too early.
    proxy-log) [ -z "$(main_processes zabbix_proxy)" ] || says_so "$2" ;;
    agent-log) says_so "$2" ;;
    *)
      # One that leaves its first key again, and takes both: the server is back when it takes the key no more.
      if [ -z "$2" ] && [ "$(noted firstEncryption)" = unencrypted-too ] && uses_psk; then
        probe "$gate" "$keyFile" "$conf_TLSPSKIdentity" "$places"
        [ "$verdict" = refused ]
        return
      fi
      probe "$gate" "$1" "$2" "$places"
      [ "$verdict" = accepted ]
      ;;
  esac
}

says_so() { # identity
  in_log log_since "$log_offset" | grep -q "$(in_log mismatch_in_log "$1")"
}

# In a shell of its own: the agent stays in hand.
in_log() (
  [ "$gate" != proxy-log ] || use_program proxy
  "$@"
)

# What the running agent's log says when the server has come with the other key. zabbix_agentd and zabbix_proxy name the identity, so it
# can be told from a stranger's attempt; agent 2 does not. With the same identity on both sides decryption fails. A proxy that asks says
# that it was refused, and no agent behind it is meant by that; `false PSK identity` while another still uses the identity that it had.
mismatch_in_log() { # identity
  if [ "$agent $active" = 'zabbix_proxy true' ]; then
    echo 'nable to connect to .*cannot establish TLS\|server at ".*false PSK identity'
  elif [ "$1" = "$conf_TLSPSKIdentity" ]; then
    echo 'ecryption has failed\|decryption failed'
  elif [ "$agent" = zabbix_agent2 ]; then
    echo 'invalid PSK identity'
  else
    printf 'cannot find requested PSK identity "%s"' "$(printf '%s' "$1" | sed 's/[][\\.*^$]/\\&/g')"
  fi
}

# After the exchange: does the server still take the key that was given up? Only a gate that asks can say.
ask_with_other_key() { # key file, identity
  case $gate in
    shadow-agent | zabbix-sender)
      # Without an identity it is no key that was given up, but the unencrypted door, or the certificate.
      if [ -n "$2" ]; then [ -f "$1" ] || return 0; else [ "$(noted firstEncryption)" = only-psk ] || return 0; fi
      probe "$gate" "$1" "$2" "$places"
      case $verdict in accepted | refused) note oldKey "$verdict" ;; esac
      ;;
  esac
}

