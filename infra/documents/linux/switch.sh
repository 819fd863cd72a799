# switch.sh — make the prepared key the agent's key when the server accepts it, and see the agent come back.
# In    SSM_secretId, SSM_versionId, SSM_fingerprint, SSM_identity, SSM_sealedKey, SSM_gate, SSM_notAfter, SSM_serverWaitS, SSM_agentStartS,
#       SSM_probeEveryS
# Out   last line of stdout is one JSON object, never a key
# Exit  0 switched · 10 nothing prepared · 20 not accepted in time, or the agent did not start and the old key is back · 30 it is NOT back
begin switch
parameter fingerprint '0-9a-f'
parameter identity 'A-Za-z0-9._:-'
parameter sealedKey 'A-Za-z0-9+/='
parameter gate 'a-z-'
parameter notAfter '0-9'
parameter serverWaitS '0-9'
parameter agentStartS '0-9'
parameter probeEveryS '0-9'

main() {
  refuse_late
  take_lock
  find_what_is_prepared
  see_prepared_programs
  [ -z "$not_running" ] || refuse "$not_running does not run any more: start it, then rotate."
  if ! opened_by_function; then
    case $(noted gates) in
      *"\"$gate\""*) ;;
      *) refuse "The gate $gate cannot be used on this node, which offers $(noted gates): choose one of these, or now." ;;
    esac
  fi
  { [ "$keyFile" = "$(noted keyFile)" ] && in_place back; } ||
    refuse "The key or the identity has changed since it was prepared (now $known_fingerprint and $conf_TLSPSKIdentity): prepare it anew."
  stage_key
  note to "$fingerprint"
  note identityTo "$identity"
  arm forward

  identity_to=$identity
  [ "$identity" != keep ] || identity_to=$conf_TLSPSKIdentity
  identity_from=$conf_TLSPSKIdentity
  gate_code=0
  wait_at_gate "$keyFile.next" "$identity_to" || gate_code=$?
  # One that is called off has nothing to write, and whoever holds the lock may be waiting for its end.
  [ $gate_code = 2 ] || take_lock
  # Under the lock: from here on nobody can disarm.
  still_armed || gate_code=2
  case $gate_code in
    0) ;;
    1)
      rm -f "$keyFile.next"
      note phase prepared
      tell_rotation
      finish not-accepted 20 "The server did not accept the new key within $((($(now_ms) - armed_at) / 1000)) s ($probes times asked; ${verdict_says:-nothing in the log}): give it the key and wait for its configuration cache, or see which server or proxy the agent asks."
      ;;
    *) finish not-accepted 20 "This switch was called off by restore while it waited; the agent was never touched." ;;
  esac
  note waitedMs "$waited_ms"
  note probes "$probes"
  begin_exchange forward
  drop_lock
  see_exchange
  [ "$result" != switched ] || ask_with_other_key "$keyFile.previous" "$identity_from"
  tell_end "$result" "$code" "$says"
}

# Goes on only when this rotation is prepared here and nobody else is at it.
find_what_is_prepared() {
  while :; do
    same_rotation || { [ -z "$(phase)" ] || refuse_busy; }
    if held waiting; then
      join
      continue
    fi
    finish_exchange
    case $(phase) in
      prepared) return 0 ;;
      switched)
        [ "$(noted to)" = "$fingerprint" ] || refuse "This rotation has put the key $(noted to) in place, not $fingerprint: prepare it anew."
        in_place forward || refuse "This exchange ended half done: run restore, then prepare it anew."
        known again true
        tell_end switched 0 "The new key was already in place."
        ;;
      restored) refuse "This rotation has been restored on this node: prepare it anew, then switch." ;;
      *) refuse "Nothing is prepared here for this rotation: run prepare first." ;;
    esac
  done
}

# A command that was delivered twice waits for its twin and gives the same account.
join() {
  [ "$(noted direction)" = forward ] || refuse "A restore of this rotation is waiting on this node: let it end."
  drop_lock
  await waiting 3600 || :
  take_lock
  # A twin that was killed at the gate, or gave up, left no result: this one has its own time to wait.
  if [ "$(phase)" != prepared ] && [ -n "$(noted result)" ]; then
    known again true
    tell_end "$(noted result)" "$(noted code)" "$(noted says)"
  fi
}

# The key arrives sealed for the key pair that prepare made: RSA-OAEP-SHA256, labelled with secret, version and node. It goes
# through pipes only, into the very file that becomes the agent's.
stage_key() {
  label=$(printf '%s|%s|%s' "$secretId" "$versionId" "$node" | sha256sum | cut -d' ' -f1)
  printf '%s' "$sealedKey" | openssl base64 -d -A >"$state/sealed"
  {
    openssl pkeyutl -decrypt -inkey "$state/rsa.pem" -in "$state/sealed" -pkeyopt rsa_padding_mode:oaep \
      -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 -pkeyopt "rsa_oaep_label:$label" 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
    echo
  } | create_next
  rm -f "$state/sealed"
  if ! well_formed "$keyFile.next"; then
    rm -f "$keyFile.next"
    refuse "The sealed key cannot be opened here: it was sealed for another key pair, version or node; run prepare again and seal anew."
  fi
  staged=$(fingerprint_of "$keyFile.next")
  if [ "$staged" != "$fingerprint" ]; then
    rm -f "$keyFile.next"
    refuse "The sealed key has the fingerprint $staged and $fingerprint was announced: seal the right version."
  fi
  sync "$keyFile.next"
}

create_next() {
  if is_no_key "$(noted from)"; then create "$keyFile.next" "$config" "$agent_user"; else create "$keyFile.next" "$keyFile"; fi
}

tell_end() { # outcome, exit code, sentence
  see_programs noted
  tell_account
  finish "$@"
}

main
