# programs.sh — the programs of this node that share one key file: an agent, a proxy, or both.
# The agent comes last: it is the one that the reply tells of and that asks the server.

newline='
'

# Which of them a command is about, for as long as nothing is noted.
program_parameters() {
  parameter config 'A-Za-z0-9/._-'
  parameter proxyConfig 'A-Za-z0-9/._-'
  parameter firstEncryption 'a-z-'
  agent_config=${config:-auto} proxy_config=${proxyConfig:-none}
}

wanted_programs() {
  case $proxy_config:$agent_config in
    none:none) ;;
    none:*) echo agent ;;
    *:none) echo proxy ;;
    *) echo proxy agent ;;
  esac
}

noted_programs() {
  if [ -f "$state/programs" ]; then noted programs; else echo agent; fi # a state that an earlier release has left
}

# The proxy's own notes have a name of their own beside the agent's.
own_of() { # agent | proxy
  case $1 in proxy) echo proxy. ;; esac
}

# One of them as it is noted: sets what find_agent sets, but for the process.
use_program() { # agent | proxy
  kind=$1 own=$(own_of "$1")
  agent=$(noted "${own}agent") config=$(noted "${own}config") program=$(noted "${own}program") service=$(noted "${own}service")
  agent_user=$(noted "${own}agentUser") main_pid=
  read_configuration
}

# Finds all of them and tells of them; the last one stays in hand. Sets found (a line for each), not_running and proxy_log.
see_programs() { # wanted | noted
  found='' not_running='' shared='' proxy_log=''
  programs=$("$1_programs")
  [ -n "$programs" ] || refuse "Neither config nor proxyConfig names a program: send at least one of them."
  for each in $programs; do
    see_program "$1" "$each"
    [ -n "$main_pid" ] || not_running="$not_running${not_running:+, }$agent ($config)"
    [ "$each" = agent ] || proxy_log=$(log_file)
    if [ -n "$shared" ] && [ "$shared" != "$keyFile" ]; then
      refuse "The proxy on this node uses the key file $shared and the agent $keyFile: one secret is one key file on a node, so let both use the same file, or give each a secret of its own."
    fi
    shared=$keyFile
    found=$found${found:+$newline}$each$us$agent$us$program$us$config$us$service$us$agent_user$us$conf_TLSPSKIdentity
  done
}

see_program() { # wanted | noted, agent | proxy
  own=$(own_of "$2")
  case $1:$2 in
    noted:*) where=$(noted "${own}config") ;;
    *:proxy) where=$proxy_config ;;
    *) where=$agent_config ;;
  esac
  find_agent "$2" "${where:-auto}"
  tell_agent
  tell_key
}

# As they were prepared, whatever runs now. Refuses when one is not there any more.
see_prepared_programs() {
  see_programs noted
  own=$(own_of "$kind")
  program=$(noted "${own}program") service=$(noted "${own}service") agent_user=$(noted "${own}agentUser")
}
