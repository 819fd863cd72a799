# prepare.sh — everything that can fail cheaply fails here, while the agent still runs on the old key.
# In    SSM_secretId, SSM_versionId, SSM_config, SSM_proxyConfig, SSM_firstEncryption, SSM_currentFingerprint, SSM_notAfter
# Out   last line of stdout is one JSON object with the throw-away public key, never a key of the agent's
# Exit  0 prepared · 10 refused, nothing touched but /var/lib/zabbix-psk-rotation
begin prepare
program_parameters
parameter currentFingerprint 'a-z0-9'
parameter notAfter '0-9'

main() {
  refuse_late
  for tool in openssl flock setsid sha256sum od; do
    command -v $tool >/dev/null || refuse "$tool is not installed and the exchange of keys needs it: install it."
  done
  known openssl "$(openssl version | cut -d' ' -f2)"
  case $known_openssl in
    0.* | 1.0.* | 1.1.0*) refuse "openssl is version $known_openssl and 1.1.1 or later is needed: update it." ;;
  esac
  take_lock
  # What an exchange left behind when the node went down: this rotation's is for switch or restore to finish, since a prepare that
  # is delivered late must not move the agent; another one's is brought to the end at which the secret is.
  if same_rotation; then
    let_exchange_end
  elif [ "$(noted from)" = "$currentFingerprint" ]; then
    finish_exchange back
  else
    finish_exchange
  fi

  see_programs wanted
  make_room_for_this_rotation
  tell_rotation
  [ -z "$(under_way)" ] || tell_prepared

  [ -z "$not_running" ] || refuse "$not_running does not run: start it, then rotate."
  if is_no_key "$currentFingerprint"; then
    is_no_key "$known_fingerprint" ||
      refuse "The $kind has a PSK already (TLSPSKIdentity=$conf_TLSPSKIdentity in $identity_file): put that identity and its key into the secret in place of \"$currentFingerprint\"."
    [ "$known_fingerprint" = "$currentFingerprint" ] ||
      refuse "The $kind has $(directions) and the secret says \"$currentFingerprint\": say \"$known_fingerprint\" there, if that is what Zabbix has too."
  fi
  [ "$known_fingerprint" = "$currentFingerprint" ] ||
    refuse "The key in $conf_TLSPSKFile has the fingerprint $known_fingerprint and the secret's current key has $currentFingerprint: bring the two together (adopt the host's key, or put the secret's key on the host)."
  check_replaceable "$keyFile"
  for each in $programs; do
    [ "$kind" = "$each" ] || see_program wanted "$each"
    check_program
  done
  check_replaceable "$state/lock"

  make_key_pair
  ask_with_present_key
  write_down
  known rotation ''
  tell_rotation
  tell_prepared
}

check_first_key() {
  { [ ! -e "$keyFile" ] && [ ! -L "$keyFile" ]; } ||
    refuse "$keyFile is there already and the $kind does not use it: move it away, since the first key comes there."
  (as_agent test -x "${keyFile%/*}") ||
    refuse "The $kind's user cannot enter ${keyFile%/*}, where its first key comes: let it in."
  ! has_first_key "$config" || refuse "$config says \"$first_key_begin\" and no key is in use: remove those lines."
  first_key_comes_off || refuse "The lines of a first key could not be taken out of $config again as they came: see whether it ends with an unusual character."
  [ "$kind" = agent ] || return 0
  [ "$agent $known_fingerprint" != 'zabbix_agent2 certificate' ] || [ -z "$conf_TLSCipherCert$conf_TLSCipherCert13" ] ||
    refuse "TLSCipherCert or TLSCipherCert13 is set in $config, with which agent 2 does not start once it takes a certificate and a key: remove it, or leave this host out."
  case $(probe_places) in
    *' '*) refuse "ServerActive=$conf_ServerActive names several places, and TLSConnect=psk would hold for all of them, those that have no key of this agent too: leave one there (a cluster a;b is one), or encrypt it by hand." ;;
  esac
}

check_program() {
  [ -n "$service" ] || refuse "Neither systemd nor /etc/init.d knows $agent: there is no way to restart it; give it a unit or an init script."
  if is_no_key "$known_fingerprint"; then
    check_replaceable "$(readlink -f "$config")"
    check_first_key
    return 0
  fi
  (as_agent test -r "$keyFile") ||
    refuse "The $kind's user cannot read the key file $conf_TLSPSKFile ($known_keyOwner, mode $known_keyMode): its next start would fail whatever the key, so give the file to that user."
  check_replaceable "$(readlink -f "$identity_file")"
  can_put_back || refuse "The line TLSPSKIdentity=$conf_TLSPSKIdentity in $identity_file could not be put back as it is (line $identity_line holds an unusual blank or control character): write the line anew, without it."
}

# Another rotation's state that is still alive is left alone; what is over is cleared away.
make_room_for_this_rotation() {
  now_in=$(phase)
  [ -n "$now_in" ] || return 0
  # What is in force now is not what there is to return to.
  if half_done; then
    refuse "An exchange ended half done on this node, the previous key $known_fingerprint with the new identity $conf_TLSPSKIdentity ($(noted secretId), version $(noted versionId)): run restore for it first."
  fi
  if same_rotation; then
    # A switch or restore names no configuration file: it could not say which of the two it means.
    while IFS=$us read -r each _ _ config_of _; do
      config_then=$(noted "$(own_of "$each")config")
      [ "$(readlink -f "$config_then")" = "$(readlink -f "$config_of")" ] ||
        refuse "This rotation is noted on this node for the $each of $config_then, and now for $config_of: one secret can have one $each on a node, so give the other a secret of its own (or run restore and forget, if the file has moved)."
    done <<FOUND
$found
FOUND
    case $now_in:$(noted direction) in armed:back | armed:anew) refuse "A restore of this rotation is waiting on this node: let it end." ;; esac
    return 0
  fi
  if held waiting || held working; then refuse_busy; fi
  if [ "$(noted secretId)" = "$secretId" ]; then
    [ "$known_fingerprint" = "$currentFingerprint" ] || refuse_busy
  else
    if [ "$now_in" = switched ] || [ "$(date +%s)" -lt "$(noted notAfter)" ]; then refuse_busy; fi
  fi
  clear_rotation
}

# The previous key with the new identity. In a shell of its own: what is in hand stays.
half_done() (
  [ "$now_in $known_fingerprint" = "switched $(noted from)" ] || return 1
  for each in $(noted_programs); do
    use_program "$each"
    [ "$conf_TLSPSKIdentity" != "$(noted identityTo)" ] || [ "$conf_TLSPSKIdentity" = "$(noted "${own}identityFrom")" ] || return 0
  done
  return 1
)

# This rotation is further on already: armed, cut short on its way, or its new key is in place.
under_way() {
  same_rotation || return 0
  case $(phase) in
    armed | switching) phase ;;
    switched) [ "$known_fingerprint" != "$(noted to)" ] || echo switched ;;
  esac
}

make_key_pair() {
  if [ ! -f "$state/rsa.pem" ]; then
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$state/rsa.pem.new" 2>/dev/null
    mv "$state/rsa.pem.new" "$state/rsa.pem"
  fi
  note publicKey "$(openssl pkey -in "$state/rsa.pem" -pubout -outform DER | openssl base64 -A)"
}

# A handshake that went through is the only honest test of a probe, so a probing gate is offered only after one.
ask_with_present_key() {
  gates='' accepting='' refusing='' asked='' told=$(object s server '' S verdict none s says 'No agent is here to ask with.')
  if [ "$kind" = agent ]; then ask_every_place shadow-agent; fi
  if is_no_key "$known_fingerprint"; then
    # The others do not tell what a server says to one who comes without a key.
    note gates "[$gates]"
    note probe "$told"
    note places "${accepting:-$(probe_places)}"
    note asked "[$asked]"
    return 0
  fi
  # A refusal is an answer: zabbix_sender would not notice a key that the server knows as another host's.
  if [ -z "$refusing" ] && command -v zabbix_sender >/dev/null; then ask_every_place zabbix-sender; fi
  [ -z "$proxy_log" ] || gates=$gates${gates:+,}'"proxy-log"'
  # The server tries the agent only where the agent answers.
  if [ "$kind $passive" = 'agent true' ] && [ -n "$(log_file)" ]; then gates=$gates${gates:+,}'"agent-log"'; fi
  note gates "[$gates]"
  note probe "$told"
  note places "${accepting:-$(probe_places)}"
  note asked "[$asked]"
}

# Where the present key is accepted the new one must be too, before it is put in place. A place that does not take the present key
# loses nothing. One that takes it and is given no new one, another server with this host, keeps the agent from changing: whoever knows
# which servers are one Zabbix is told of each. Server= is not told of, since who may ask need not ask.
ask_every_place() { # shadow-agent | zabbix-sender
  wanted_places=$(probe_places) accepted_by=''
  for place in $wanted_places; do
    probe "$1" "$keyFile" "$conf_TLSPSKIdentity" "$place"
    [ -z "$conf_ServerActive" ] || asked=$asked${asked:+,}$(object S place "$place" S verdict "$verdict")
    case $verdict in accepted) accepted_by="$accepted_by${accepted_by:+ }$place" ;; refused) refusing=$place ;; esac
    if [ "$accepted_by" = "$place" ] || [ -z "$accepted_by$accepting" ]; then
      told=$(object s server "$verdict_server" S verdict "$verdict" s says "$verdict_says")
    fi
  done
  [ -n "$accepted_by" ] || return 0
  gates=$gates${gates:+,}'"'$1'"' accepting=${accepting:-$accepted_by} refusing=''
}

write_down() {
  note secretId "$secretId"
  note versionId "$versionId"
  note notAfter "$notAfter"
  note keyFile "$keyFile"
  note from "$known_fingerprint"
  note programs "$programs"
  note firstEncryption "${firstEncryption:-no}"
  while IFS=$us read -r each agent_of program_of config_of service_of user_of identity_of; do
    own=$(own_of "$each")
    note "${own}agent" "$agent_of"
    note "${own}program" "$program_of"
    note "${own}config" "$config_of"
    note "${own}service" "$service_of"
    note "${own}agentUser" "$user_of"
    note "${own}identityFrom" "$identity_of"
  done <<FOUND
$found
FOUND
  forget_notes to identityTo result code says listeningAtMs # of an earlier try of the same rotation
  note phase prepared
}

tell_prepared() {
  known publicKey "$(noted publicKey)"
  known gates "$(noted gates)"
  known probe "$(noted probe)"
  known places "$(noted asked)"
  ! is_no_key "$known_fingerprint" || finish prepared 0 "Ready to give the $kind its first key, in $keyFile."
  finish prepared 0 "Ready to exchange the key in $conf_TLSPSKFile of $programs."
}

main
