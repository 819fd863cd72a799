# agent.sh — which agent runs here, with which configuration, and how it is stopped, started and seen up.
# A proxy is one too as far as these files are concerned: `agent` is the program that holds the key, `kind` is agent or proxy.

# Main processes of a program: those whose parent is not of the same kind, neither in a container nor a shadow agent of probe.sh's.
# A zombie is gone: on some nodes nobody reaps for seconds.
main_processes() { # zabbix_agentd | zabbix_agent2 | zabbix_proxy
  for pid in $(grep -lsxF "$1" /proc/[0-9]*/comm | tr -dc '0-9\n' | sed 's|.*|/proc/&/stat|' | xargs -r cat 2>/dev/null |
    sed 's/^\([0-9]*\) (.*) \(.\) \([0-9]*\) .*/\1 \3 \2/' |
    awk '$3 !~ /[ZX]/ { parent[$1] = $2 } END { for (pid in parent) if (!(parent[pid] in parent)) print pid }'); do
    namespaces=$(readlink /proc/self/ns/pid "/proc/$pid/ns/pid" "/proc/$pid/cwd") || continue # it has just ended
    case $namespaces in
      *"$state/shadow") ;;
      "${namespaces%%]*}]"*"${namespaces%%]*}]"*) printf '%s\n' "$pid" ;; # pid:[4026531836], twice the same
    esac
  done
}

children_of() { # pid
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/^.*\) /, ""); if ($2 == parent) print pid }'
}

alive() { # pid
  IFS= read -r alive_stat 2>/dev/null <"/proc/$1/stat" || return 1
  case ${alive_stat##*) } in [ZX]*) return 1 ;; esac
}

configured_by() { # pid: the configuration file on its command line
  tr '\0' '\n' <"/proc/$1/cmdline" | awk '
    take { print; exit }
    /^--?c(onfig)?$/ { take = 1; next }
    sub(/^--?config=/, "") || sub(/^-c=/, "") || sub(/^-c/, "") { print; exit }'
}

# uid:gid of a process, nothing while the two that it has differ (a set-user-id program has just been started).
user_of() { # pid
  awk '$1 == "Uid:" { uid = $2; same = $2 == $3 } $1 == "Gid:" { gid = $3 } END { if (same) print uid ":" gid }' "/proc/$1/status" 2>/dev/null || :
}

# Anybody may start something by an agent's name, so root runs a program only as the user whose process it was found by.
# With no user the program was found in root's own PATH.
# shellcheck disable=SC2093 # the last of these that exists replaces the subshell
as_agent() { # program and arguments
  case ${agent_user%:*} in 0 | '') exec "$@" ;; esac
  if command -v setpriv >/dev/null; then
    # --init-groups needs a name for the number; the key may be readable by a supplementary group only
    id -un "${agent_user%:*}" >/dev/null 2>&1 && groups=--init-groups || groups=--clear-groups
    exec setpriv --reuid="${agent_user%:*}" --regid="${agent_user#*:}" "$groups" -- "$@"
  fi
  exec runuser -u "$(id -un "${agent_user%:*}")" -- "$@"
}

# Path of the program: the running one's, so that a probe uses the very version that is in place.
program_of() { # agent, pid or nothing
  program=
  [ -z "$2" ] || program=$(readlink "/proc/$2/exe" || :)
  program=${program% (deleted)}
  case ${program##*/} in "$1" | "$1"_*) ;; *) program= ;; esac # zabbix_proxy_sqlite3, where there is one for each database
  [ -n "$program" ] && [ -x "$program" ] || program=$(command -v "$1" || :)
  printf '%s' "$program"
}

# The configuration file that was compiled in: /etc/zabbix for packages, /usr/local/etc for a build from source.
compiled_in() { # program
  as_agent timeout 8 "$1" --help 2>&1 | sed -n 's/.*default:\{0,1\} "\(\/[^"]*\.conf\)").*/\1/p' | head -n 1
}

# Finds the agent: the running one first, then what is installed. With two, the one that is asked for or uses a PSK.
# Sets kind, agent, program, config, main_pid and agent_user (nothing when it does not run) and reads its configuration.
find_agent() { # agent | proxy, configuration file | auto
  chosen='' kind=$1 called='zabbix_agentd zabbix_agent2'
  [ "$kind" = agent ] || called=zabbix_proxy
  for agent in $called; do
    for main_pid in $(main_processes "$agent"); do
      agent_user=$(user_of "$main_pid")
      program=$(program_of "$agent" "$main_pid")
      # The same before and after: the program is that user's, whatever the process becomes meanwhile.
      { [ -n "$agent_user" ] && [ "$agent_user" = "$(user_of "$main_pid")" ]; } || continue
      config=$(configured_by "$main_pid")
      [ -n "$config" ] || config=$(compiled_in "$program")
      consider "$2"
    done
  done
  if [ -z "$chosen" ]; then
    main_pid='' agent_user=''
    for agent in $called; do
      program=$(program_of "$agent" '')
      [ -n "$program" ] || continue
      config=$(compiled_in "$program")
      case $2 in auto) ;; *agent2*) [ "$agent" = zabbix_agent2 ] && config=$2 ;; *) [ "$agent" != zabbix_agent2 ] && config=$2 ;; esac
      consider "$2"
    done
  fi
  [ -n "$chosen" ] || refuse "No Zabbix $kind is found$([ "$2" = auto ] || printf ' with the configuration file %s' "$2"): $([ "$kind" = agent ] && echo 'neither zabbix_agentd nor zabbix_agent2' || echo 'no zabbix_proxy') runs or is installed with a readable configuration; install or start it, or name its file in config."
  IFS=$us read -r agent main_pid agent_user program config <<CHOSEN
$chosen
CHOSEN
  [ "$read_for" = "$agent $config" ] || read_configuration
}

consider() { # configuration file | auto
  { [ -n "$config" ] && [ -r "$config" ]; } || return 0
  [ "$1" = auto ] || [ "$(readlink -f "$1")" = "$(readlink -f "$config")" ] || return 0
  read_configuration
  candidate=$agent$us$main_pid$us$agent_user$us$program$us$config
  if [ -z "$chosen" ]; then
    chosen=$candidate chosen_psk=no
    if uses_psk; then chosen_psk=yes; fi
  elif uses_psk && [ "$chosen_psk" = yes ] && [ -n "$main_pid" ]; then
    if [ "$kind" = agent ]; then two='Two agents'; else two='Two proxies'; fi
    refuse "$two run here with a PSK, ${chosen##*"$us"} and $config: say in config which one is meant."
  elif uses_psk && [ "$chosen_psk" = no ]; then
    chosen=$candidate chosen_psk=yes
  elif [ -n "$main_pid" ] && [ "$chosen_psk" = no ] && expects_no_key; then
    refuse "Two of them run here without a PSK, ${chosen##*"$us"} and $config: say in config which one is to get its first key."
  fi
}

# systemd:<unit> or init:<script>, nothing when neither knows the agent.
service_of() {
  if [ -d /run/systemd/system ]; then
    unit=
    [ -z "$main_pid" ] || unit=$(sed -n '\|/user\.slice/|!s|.*/\([^/]*\)\.service$|\1|p' "/proc/$main_pid/cgroup" | head -n 1)
    case $unit in
      '' | *ssm-agent* | user@* | session-*)
        for unit in $(service_names); do
          if systemctl cat "$unit.service" >/dev/null 2>&1; then break; fi
          unit=
        done
        ;;
    esac
    [ -z "$unit" ] || printf 'systemd:%s' "$unit"
    return 0
  fi
  for unit in $(service_names); do
    if [ -x "/etc/init.d/$unit" ]; then
      printf 'init:%s' "$unit"
      return 0
    fi
  done
}

service_names() {
  case $agent in
    zabbix_agent2) echo zabbix-agent2 zabbix_agent2 ;;
    zabbix_proxy) echo zabbix-proxy zabbix_proxy zabbix-proxy-sqlite3 zabbix-proxy-pgsql zabbix-proxy-mysql ;;
    *) echo zabbix-agent zabbix-agentd zabbix_agentd ;;
  esac
}

# Nobody's return code is believed: init scripts and systemd's Type=simple say 0 for an agent that dies a moment later.
# The agent must inherit neither our locks nor our umask.
service() ( # start | stop
  umask 022
  cd /
  case $service in
    systemd:*)
      [ "$1" = stop ] || systemctl reset-failed "${service#*:}.service" || : # its limit of starts would refuse the way back
      systemctl "$1" "${service#*:}.service"
      ;;
    init:*) env -i PATH="$PATH" LANG=C "/etc/init.d/${service#*:}" "$1" ;;
  esac </dev/null >/dev/null 2>&1 7>&- 8>&- 9>&- || :
)

# An init script whose pid file is stale stops nothing; and one that has to KILL an agentd leaves its children, which keep the port.
stop_agent() {
  family=
  for pid in $(own_processes); do family="$family $pid $(children_of "$pid" | tr '\n' ' ')"; done
  service stop
  for pid in $family; do ! agent_alive "$pid" || kill -TERM "$pid" 2>/dev/null || :; done
  patience=500 # looks of 20 ms
  [ "$agent" != zabbix_proxy ] || patience=1500 # it writes to its database what it has not written yet
  for pid in $family; do
    while agent_alive "$pid"; do
      patience=$((patience - 1))
      [ $patience -gt 0 ] || kill -KILL "$pid" 2>/dev/null || :
      sleep 0.02
    done
  done
  # Debian's script for agent 2 has start-stop-daemon write the pid file as root before the agent opens it, and the agent dies
  # of that every second time, exit code 0 (Zabbix 6.0 and 7.0). A file that is the agent's already stays the agent's.
  if [ "$agent" = zabbix_agent2 ] && [ "${service%%:*}" = init ]; then
    for file in "$pid_file" "/run/zabbix/$agent.pid"; do
      case $file in
        */../* | */..) ;;
        /run/zabbix/*) own_pid_file "$file" || : ;;
        *) remove_pid_file "$file" ;;
      esac
    done
  fi
}

# Its number may have gone to another process meanwhile.
agent_alive() { # pid
  alive "$1" && IFS= read -r alive_name 2>/dev/null <"/proc/$1/comm" && [ "$alive_name" = "$agent" ]
}

# PidFile= may be written by the agent's user: whatever holds more than a number is no pid file and stays.
remove_pid_file() { # file
  [ -f "$1" ] || return 0
  case $(head -c 20 "$1" | tr -d '\n') in '' | *[!0-9]*) ;; *) rm -f "$1" ;; esac
}

# The directory is the agent's: root must follow no link that is put there meanwhile. In a shell of its own, which a redirection
# that fails may end.
own_pid_file() ( # file
  umask 022
  set -C
  rm -f "$1" && : >"$1" && chown -h "$agent_user" "$1"
)

# Main processes with the configuration of the program in hand.
own_processes() {
  for own_pid in $(main_processes "$agent"); do [ "$(configured_as "$own_pid")" != "$config" ] || printf '%s\n' "$own_pid"; done
}

configured_as() { # pid
  configured=$(configured_by "$1" 2>/dev/null) || :
  printf '%s' "${configured:-$default_config}"
}

# Listens on the port, by the sockets of the process itself: another program may hold the port.
listens() { # pid, port
  sockets=$(cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null |
    awk -v port="$(printf ':%04X' "$2")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }')
  [ -n "$sockets" ] || return 1
  descriptors=$(ls -l "/proc/$1/fd" 2>/dev/null) || return 1
  for socket in $sockets; do
    case $descriptors in *"socket:[$socket]"*) return 0 ;; esac
  done
  return 1
}

# Serving: listening when it answers checks, running when it only asks.
serving() { # pid
  alive "$1" || return 1
  [ "$listening" = false ] || listens "$1" "$listen_port"
}

# Starts the agent and sees it up: its process serves and still does 300 ms later (an agent that cannot use its key has
# died by then). Sets main_pid and up_at, or died_of.
start_agent() { # longest time, in seconds
  up_by=$(($(now_ms) + $1 * 1000))
  log_offset=$(log_size)
  up_at='' died_of='it did not come up within '$1' s'
  service start
  started_at=$(now_ms) starts=1
  while now=$(now_ms) && [ "$now" -lt "$up_by" ]; do
    for main_pid in $(own_processes); do
      if serving "$main_pid"; then
        up_at=$(now_ms)
        break
      fi
      main_pid=
    done
    if [ -n "$up_at" ]; then
      sleep 0.3
      if serving "$main_pid"; then
        if ! log_since "$log_offset" | grep -q "$unusable_key"; then return 0; fi
        break
      fi
      alive "$main_pid" || died_of='it died right after its start'
      up_at=''
    elif [ -z "$main_pid" ] && [ "$starts" = 1 ] && [ $((now - started_at)) -ge 1500 ] && [ -z "$(main_processes "$agent")" ]; then
      starts=2
      service start
    fi
    # Looking costs a dozen processes: one that is not up within two seconds will not be missed for a tenth of one.
    if [ $((now - started_at)) -lt 2000 ]; then sleep 0.02; else sleep 0.1; fi
  done
  last_words=$(log_since "$log_offset" | grep "$unusable_key" | tail -n 1 | tr -d '\r') || :
  [ -z "$last_words" ] || died_of="its log says: $last_words"
  return 1
}

# What the agents say of a key file that they cannot use (6.0 and 7.0). Agent 2 keeps running all the same.
unusable_key='invalid PSK in file\|PSK in file .* is too \|cannot read from file .* or file empty\|cannot open file .*\[[0-9]*\]\|invalid PSK key\|annot use encryption configuration\|Failed to get encryption configuration\|missing TLSPSK'

# The agent's log file; nothing when it logs elsewhere.
log_file() {
  case $conf_LogType in '' | file) if [ -f "$conf_LogFile" ]; then printf '%s' "$conf_LogFile"; fi ;; esac
}

log_size() {
  file=$(log_file)
  if [ -n "$file" ]; then stat -Lc %s "$file"; else echo 0; fi
}

log_since() { # size then; a log that has been rotated meanwhile is read from its start
  file=$(log_file)
  [ -n "$file" ] || return 0
  if [ "$(stat -Lc %s "$file")" -ge "$1" ]; then tail -c "+$(($1 + 1))" "$file"; else cat "$file"; fi
}

# What every reply tells of the agent.
tell_agent() {
  known agent "$agent"
  known config "$config"
  known hostname "$host_name"
  about=$(as_agent timeout 8 "$program" -V 2>/dev/null | head -c 4000) # whoever the program is, it may talk without end
  known version "$(printf '%s\n' "$about" | sed -n '1s/.* \([0-9][0-9a-z.]*\).*/\1/p')"
  known tlsLibrary "$(printf '%s\n' "$about" | sed -n 's/^Running with //p')"
  known tlsConnect "${conf_TLSConnect:-unencrypted}"
  known tlsAccept "${conf_TLSAccept:-unencrypted}"
  known identity "$conf_TLSPSKIdentity"
  known identityFile "$identity_file"
  known keyFile "$conf_TLSPSKFile"
  known server "$conf_Server"
  known serverActive "$conf_ServerActive"
  known listenIp "$conf_ListenIP"
  known listenPort "$listen_port"
  known passive "$passive"
  known active "$active"
  known running "$([ -n "$main_pid" ] && echo true || echo false)"
  service=$(service_of)
  known service "$service"
}
