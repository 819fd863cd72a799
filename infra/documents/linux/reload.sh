# reload.sh — have the server or proxy of this node reload its configuration cache, so that it uses now what Zabbix' API was given.
# Changes nothing else. Who is not reloaded renews its cache by itself, later. Output and log lines: 6.0.14 and 7.0.22.
# In    SSM_secretId, SSM_versionId, SSM_daemon, SSM_proxies        Out   last line of stdout is one JSON object; no key comes near it
# Exit  0 reloaded, as its log says, or asked: it took the command and its log does not tell more · 10 cannot be reloaded

# Other rotations tell it to reload at the same time: a program that is called to tell, show or test something is no daemon.
is_daemon() { # pid
  { tr '\0' '\n' <"/proc/$1/cmdline"; } 2>/dev/null | awk '/^(-[RVhT]|--(runtime-control|version|help|test-config))/ { called = 1 } END { exit called || NR == 0 }'
}

# The one that runs: its process, user, program and configuration. `agent` is its name, as in the files before this one.
find_daemon() {
  main_pid=
  for each in $(main_processes "$agent"); do
    is_daemon "$each" || continue
    [ -z "$main_pid" ] || refuse "Two $agent run on this node, processes $main_pid and $each: nobody could say which one is meant, so wait for the renewal of its cache, or let one of them run elsewhere."
    main_pid=$each
  done
  [ -n "$main_pid" ] || refuse "No $agent runs on this node: start it, or name the node that it runs on in the inventory (reload)."
  agent_user=$(user_of "$main_pid")
  program=$(program_of "$agent" "$main_pid")
  # The same before and after: the program is that user's, whatever the process becomes meanwhile.
  { [ -n "$agent_user" ] && [ -n "$program" ] && [ "$agent_user" = "$(user_of "$main_pid")" ]; } ||
    refuse "The $agent of this node (process $main_pid) has just been started or ended: it reads its configuration then anyway."
  config=$(configured_by "$main_pid")
  [ -n "$config" ] || config=$(compiled_in "$program")
  { [ -n "$config" ] && [ -r "$config" ]; } || refuse "The configuration file of $agent (process $main_pid) cannot be read: $config."
  read_configuration
  known agent "$agent"
  known config "$config"
  [ "$agent" != zabbix_proxy ] || known hostname "$host_name"
}

# The socket that takes the command is its user's alone (0700). What it answers counts beside the exit code: a passive proxy and
# a standby node of a cluster say no with words.
tell_daemon() { # runtime command
  since=$(log_size)
  answer=$(as_agent timeout 10 "$program" -c "$config" -R "$1" 2>&1) && answered=0 || answered=$?
  case $answered:$answer in 0: | 0:*success*) return 0 ;; esac
  refuse "$agent ($config) did not take $1 (exit status $answered): $(printf '%s' "$answer" | tr '\n' ' ')"
}

# Its log says so since it was told.
log_says() { # pattern, longest wait in seconds
  says_by=$(($(now_ms) + $2 * 1000))
  [ -n "$(log_file)" ] || return 1
  until log_since "$since" | grep -q "$1"; do
    [ "$(now_ms)" -lt "$says_by" ] || return 1
    sleep 0.05
  done
}

# 6.0 logs the beginning of a server's reload, 7.0 its end, too; a proxy, what it has got.
sign_of_reload() {
  case $agent:$proxies in
    zabbix_proxy:*) echo 'received configuration data from server' ;;
    *:none) echo 'forced reloading of the configuration cache' ;;
    *) echo 'finished forced reloading of the configuration cache' ;;
  esac
}

begin reload
parameter daemon 'a-z_'
parameter proxies 'A-Za-z0-9,._:-'
agent=$daemon proxies=${proxies:-none}
case $agent in zabbix_server | zabbix_proxy) ;; *) refuse "The parameter daemon is \"$agent\": send zabbix_server or zabbix_proxy." ;; esac
find_daemon
tell_daemon config_cache_reload
# A server hands its proxies what it has in its own cache: they must wait for the end of its reload, which a large one takes seconds for.
case $proxies in
  none) patience=3 ;;
  *) patience=20 ;;
esac
if log_says "$(sign_of_reload)" "$patience"; then outcome=reloaded; else outcome=asked; fi
case $outcome:$proxies in
  *:none | reloaded:*) ;;
  *) sleep 1 ;;
esac
case $proxies in
  none) ;;
  all) tell_daemon proxy_config_cache_reload ;;
  *) tell_daemon "proxy_config_cache_reload=${proxies#named:}" ;;
esac
known version "$(as_agent timeout 8 "$program" -V 2>/dev/null | sed -n '1s/.* \([0-9][0-9a-z.]*\).*/\1/p')"
case $outcome in
  reloaded) finish reloaded 0 "$agent $known_version ($config) has reloaded its configuration cache." ;;
  *) finish asked 0 "$agent $known_version ($config) was told to reload its configuration cache; its log does not tell that it has." ;;
esac
