# probe.sh — ask the Zabbix server or proxy whether it accepts a key, with nothing installed but the agent itself.
#
# shadow-agent: the agent's own program, started a second time for a moment with a configuration of its own. Whether its request
# for active checks went through is the answer (texts of 6.0.14 and 7.0.22). zabbix-sender: the same question, where it is installed.

# Whom to ask: every place that the agent reports to, a cluster (a;b) being one. For an agent that only answers, one place: whichever
# of the plain addresses that may ask it answers first. Separated by blanks.
probe_places() {
  if [ -n "$conf_ServerActive" ]; then
    printf '%s' "$conf_ServerActive" | tr -d ' ' | tr ',' ' '
    return 0
  fi
  printf '%s\n' "$conf_Server" | tr -d ' ' | tr ',' '\n' | awk '
    $0 == "" || /\// || /^(0\.0\.0\.0|::)$/ { next } # a network is nobody to ask
    { printf "%s%s", separator, $0; separator = "," }'
}

# An agent has one key for every place: it is accepted when all of them accept it, otherwise the first one that does not is told.
# Sets verdict (accepted | refused | unreachable | none), verdict_server and verdict_says.
probe() { # shadow-agent | zabbix-sender, key file, identity, places
  verdict=none verdict_server='' verdict_says='Neither ServerActive nor Server names an address that could be asked.'
  for servers in $4; do
    verdict=none
    if [ "$1" = zabbix-sender ]; then probe_by_sender "$2" "$3"; else probe_by_shadow "$2" "$3"; fi
    [ "$verdict" = accepted ] || return 0
  done
}

probe_by_shadow() { # key file, identity; neither: as before the first key
  # It cannot listen where the agent does, and with HostInterface the server registers the port too: it would take it for a host that moved.
  if [ "$agent" = zabbix_agent2 ] && [ -n "$conf_HostInterface$conf_HostInterfaceItem" ]; then
    verdict=none verdict_server='' verdict_says='A second agent 2 cannot register by HostInterface as this one does.'
    return 0
  fi
  shadow=$state/shadow comes=key
  [ -n "$2" ] || comes=$(noted from)
  comes=${comes:-$known_fingerprint}
  # Its directory is its working directory: the agent's user cannot walk through root's directory above it and need not.
  rm -rf "$shadow"
  mkdir -m 700 "$shadow"
  {
    # Who asks for active checks registers, too: with other metadata than the agent's it would set off autoregistration actions.
    as_configured 'Host(name|Metadata|Interface)(Item)?|SourceIP|UserParameter(Dir)?|Alias'
    case $comes in
      key) printf '%s\n' 'TLSConnect=psk' "TLSPSKIdentity=$2" "TLSPSKFile=$1" ;;
      certificate) echo TLSConnect=cert && as_configured 'TLS(CA|CRL|Cert|Key|ServerCert|CipherCert).*' ;;
    esac
    # It is given the host's items and must neither collect nor send any: a UserParameter would run twice, a log be read twice.
    printf '%s\n' "ServerActive=$servers" 'DenyKey=*' 'BufferSend=3600' 'BufferSize=65535' \
      'LogType=console' 'DebugLevel=4' 'PidFile=shadow.pid'
    if [ "$agent" = zabbix_agent2 ]; then
      printf '%s\n' 'ControlSocket=shadow.sock' 'ListenIP=127.0.0.1' "ListenPort=$(free_port)"
    else
      echo 'StartAgents=0'
      as_configured 'ListenIP|ListenPort'
      [ "${agent_user%:*}" != 0 ] || printf '%s\n' 'AllowRoot=1'
    fi
  } >"$shadow/shadow.conf"
  chown -R "$agent_user" "$shadow"
  # Not in there: it would be the agent's user who says what root reads. It gets nothing but the open file.
  : >"$state/shadow.output"
  : >"$state/shadow.read"
  (
    cd "$shadow" || exit
    as_agent "$program" -f -c shadow.conf
  ) </dev/null >>"$state/shadow.output" 2>&1 7>&- 8>&- 9>&- &
  shadow_pid=$!
  # An unreachable address takes the agent its Timeout of 3 s, agent 2 asks 1 s after its start, of 7.0 after the next full second: 8 s are enough. What it has
  # said costs two processes to read, so it is read when there is more of it, and now and then: a file's time is told in ticks of 4 ms.
  looks=0 answer=''
  [ "$agent" != zabbix_agent2 ] || sleep 0.9
  while alive "$shadow_pid" && [ $looks -lt 400 ]; do
    sleep 0.02
    looks=$((looks + 1))
    # shellcheck disable=SC3013 # in POSIX since 2024, and in every sh of a supported system before that
    [ "$state/shadow.output" -nt "$state/shadow.read" ] || [ $((looks % 25)) = 0 ] || continue
    : >"$state/shadow.read"
    answer=$(shadow_answer '')
    [ -z "$answer" ] || break
  done
  end_shadow
  [ -n "$answer" ] || answer=$(shadow_answer yes)
  IFS=$us read -r verdict verdict_server verdict_says <<ANSWER
$answer
ANSWER
  rm -rf "$shadow" "$state/shadow.output" "$state/shadow.read"
}

# Lines of the agent's own configuration, in reading order.
as_configured() { # names, as awk writes them
  printf '%s\n' "$conf_settings" | awk -F "$us" -v names="^($1)\$" '$1 ~ names && $4 != "" { print $1 "=" $4 }'
}

# A port below the ephemeral range that nobody listens on. Agent 2 takes 1024 to 32767.
free_port() {
  port=$((20000 + $$ % 10000))
  while grep -qi "$(printf ':%04X 0*:0000 0A' "$port")" /proc/net/tcp /proc/net/tcp6 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

# One line, once it can be said: verdict, server, sentence. The first server that accepts decides; refused or unreachable
# is said when all have answered, or when no more is to come.
# "no active checks", "not found", "not monitored" and "not allowed for host" come after a handshake that went through: the server has
# the key. "false PSK identity" is said for a known key that belongs to another host.
shadow_answer() { # yes: nothing more will come
  awk -v last="$1" -v sep="$us" -v asked="$servers" -v agent="$agent" -v comes="$comes" '
    BEGIN { expected = split(asked, parts, ","); thing = comes == "certificate" ? comes : "key" }
    { text = $0; sub(/\r$/, "") }
    agent == "zabbix_agentd" { # "  31:20261123:014834.601 In refresh_active_checks() host:..."
      if (!match($0, /^ *[0-9]+:/)) { if ($0 != "") words = $0; next }
      who = substr($0, 1, RLENGTH); gsub(/[ :]/, "", who)
      if ($0 ~ /In refresh_active_checks\(\)/) server[who] = between($0, "host:\047", "\047") ":" between($0 " ", "port:", " ")
      if ($0 ~ /End of zbx_tls_connect\(\):SUCCEED/) shaken[who] = 1
      if ($0 ~ /End of refresh_active_checks\(\)/) { ended[who]++; if ($0 ~ /:SUCCEED/) shaken[who] = 1 }
      if ($0 ~ /nable to connect to|cannot connect to/) { reason[who] = substr($0, index($0, "nable to connect") ? index($0, "nable to connect") - 1 : 1); if ($0 ~ /TLS/) refused[who] = 1 }
    }
    agent == "zabbix_agent2" { # "2026/11/23 01:48:37.629944 [101] In refreshActiveChecks() from [127.0.0.1:10051]"
      if (match($0, /\[[0-9]+\] /)) who = substr($0, RSTART, RLENGTH); else who = ""
      if ($0 ~ /connection established using/) established = 1
      if (who != "" && match($0, /In refreshActiveChecks\(\) from /)) { # 7.0: no brackets
        server[who] = substr($0, RSTART + RLENGTH)
        if (server[who] ~ /^\[.*\]$/) server[who] = substr(server[who], 2, length(server[who]) - 2)
      }
      if (who != "" && $0 ~ /End of refreshActiveChecks\(\)/) { ended[who]++; if (established) shaken[who] = 1 }
      # An item that it cannot collect says nothing of the server.
      if (who != "" && !/cannot monitor metric/ && match($0, /\] cannot .*/)) { failed[who] = 1; reason[who] = substr($0, RSTART + 2); if ($0 !~ /dial |i\/o timeout|no route/) refused[who] = 1 }
      if ($0 ~ /cannot |rror/) words = $0
    }
    who != "" && /false PSK identity/ { failed[who] = refused[who] = 1; reason[who] = "false PSK identity" }
    # Who comes without a key is taken unless the answer says so: there is no handshake, or one that is not about the host.
    comes != "key" && who != "" && /connection of type .* is not allowed for host|certificate (issuer|subject) does not match/ { failed[who] = refused[who] = 1; reason[who] = comes == "certificate" ? "it does not take this certificate for this host" : "it takes no unencrypted connection for this host" }
    comes == "unencrypted" && who != "" && /no active checks on server/ { shaken[who] = 1 }
    comes == "unencrypted" && agent == "zabbix_agent2" && who != "" && /End of refreshActiveChecks\(\)/ { shaken[who] = 1 }
    who != "" && /no active checks on server/ { said[who] = substr($0, index($0, "no active checks")) }
    /annot open file|invalid PSK|ock PID file|annot initialize|too (short|long)\. M/ { words = $0 }
    END {
      for (who in ended) {
        done++
        if (!(who in server)) server[who] = parts[1]
        if (shaken[who] && !failed[who]) { print "accepted" sep server[who] sep "The server accepts the " thing (said[who] ? " (" said[who] ")" : "") "."; exit }
        if (refused[who]) no = who
        else silent = who
      }
      if (done < expected && !last) exit
      if (no != "") print "refused" sep server[no] sep "The server does not accept the " thing ": " reason[no] "."
      else if (silent != "") print "unreachable" sep server[silent] sep "The server cannot be asked from here: " reason[silent] "."
      else if (last) print "none" sep parts[1] sep "The shadow agent gave no answer: " words "."
    }
    function between(text, from, to,   rest) {
      rest = substr(text, index(text, from) + length(from))
      return substr(rest, 1, index(rest, to) - 1)
    }' "$state/shadow.output"
}

# An agentd whose reader has gone ignores TERM, so nobody is waited for long. Its children do not die of its KILL.
end_shadow() {
  family=$(children_of "$shadow_pid")
  kill -TERM "$shadow_pid" 2>/dev/null || :
  tries=0
  while alive "$shadow_pid" && [ $tries -lt 15 ]; do
    tries=$((tries + 1))
    sleep 0.02
  done
  for pid in $shadow_pid $family; do kill -KILL "$pid" 2>/dev/null || :; done
  wait "$shadow_pid" 2>/dev/null || :
}

# Exit 0 and 2: the handshake went through (2: the item does not exist, which it need not). 1: it did not, or nobody was there.
probe_by_sender() { # key file, identity
  for server in $(printf '%s' "$servers" | tr ',;' '  '); do
    case $server in
      \[*\]:*) port=${server##*:} host=${server%:*} host=${host#\[} host=${host%\]} ;;
      *:*:*) port=10051 host=$server ;; # an IPv6 address without port
      *:*) port=${server##*:} host=${server%:*} ;;
      *) port=10051 host=$server ;;
    esac
    sender_code=0
    # shellcheck disable=SC2086 # no source address is no argument
    sender_words=$(as_agent timeout 8 zabbix_sender -z "$host" -p "$port" ${conf_SourceIP:+-I "$conf_SourceIP"} \
      -s "${host_name:-zabbix-psk-rotation}" -k zabbix.psk.rotation -o 1 --tls-connect psk --tls-psk-identity "$2" --tls-psk-file "$1" -vv 2>&1 \
      </dev/null 7>&- 8>&- 9>&-) || sender_code=$?
    case $sender_code in
      0 | 2) verdict=accepted verdict_server=$host:$port verdict_says='The server accepts the key.' && return 0 ;;
      1)
        verdict_server=$host:$port
        case $sender_words in
          *'cannot establish TLS'*) verdict=refused verdict_says='The server does not accept the key.' ;;
          *) [ "$verdict" = refused ] || verdict=unreachable verdict_says='The server cannot be asked from here.' ;;
        esac
        ;;
      *) [ "$verdict" = refused ] || verdict=unreachable verdict_server=$host:$port verdict_says="zabbix_sender ended with status $sender_code." ;;
    esac
  done
}
