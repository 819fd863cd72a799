# configuration.sh — the configuration of an agent or proxy as it reads it, and the one line in it that we change.
# Sources: src/libs/zbxcfg/cfg.c and src/go/pkg/conf/conf.go of Zabbix 6.0 and 7.0; tried on 6.0.14.
conf_names='TLSConnect|TLSAccept|TLSPSKIdentity|TLSPSKFile|TLS(CA|CRL|Cert|Key)File|TLSServerCert(Issuer|Subject)|TLSCipherCert(13)?|Host(name|Metadata|Interface)(Item)?|UserParameter(Dir)?|Alias|Server|ServerActive|ListenIP|ListenPort|SourceIP|StartAgents|ProxyMode|StartTrappers|LogType|LogFile|PidFile'

# In reading order, one line for each setting: name, line number, file, value. An Include is expanded where it stands.
settings() { # file, depth
  [ "$2" -le 10 ] || return 0 # the agents refuse to go deeper
  awk -v sep="$us" -v names="^(Include|$conf_names)\$" '{
    sub(/[ \t\r]+$/, ""); sub(/^[ \t]+/, "")
    if ($0 ~ /^#/ || !(at = index($0, "="))) next
    name = substr($0, 1, at - 1); value = substr($0, at + 1)
    sub(/[ \t]+$/, "", name); sub(/^[ \t]+/, "", value)
    if (name ~ names) print name sep NR sep value
  }' "$1" | while IFS=$us read -r name line value; do
    printf '%s\n' "$name$us$line$us$1$us$value"
    [ "$name" = Include ] || continue
    included "$value" | while IFS= read -r file; do settings "$file" $(($2 + 1)); done
  done
}

# Directory and pattern of an Include; no pattern when it names one file.
include_parts() { # value of Include
  case $1 in /*) path=$1 ;; *) path=$(dirname "$config")/$1 ;; esac
  case ${path##*/} in
    *'*'* | *'?'* | *'['*) pattern=${path##*/} path=${path%/*} ;;
    *) if [ -d "$path" ]; then pattern='*'; else pattern=; fi ;;
  esac
  # zabbix_agentd and zabbix_proxy know no other wildcard than *
  [ "$agent" = zabbix_agent2 ] || pattern=$(printf '%s' "$pattern" | sed 's/[][?\]/\\&/g')
}

# Files that an Include names. Agent 2 reads them sorted by name, the others as the directory lists them.
included() { # value of Include
  include_parts "$1"
  if [ -z "$pattern" ]; then
    if [ -f "$path" ]; then printf '%s\n' "$path"; fi
    return 0
  fi
  [ -d "$path" ] || return 0
  if [ "$agent" = zabbix_agent2 ]; then order=-1; else order=-U; fi
  # shellcheck disable=SC2012 # find cannot sort, and a configuration file's name holds no newline
  ls -A "$order" "$path" | while IFS= read -r name; do
    # shellcheck disable=SC2254 # the pattern is meant as one
    case $name in $pattern) ;; *) continue ;; esac
    if [ -f "${path%/}/$name" ]; then printf '%s\n' "${path%/}/$name"; fi
  done
}

# Sets conf_<name> for every known name, the last value in reading order, and for the TLS lines where it stands.
read_configuration() {
  conf_TLSConnect='' conf_TLSAccept='' conf_TLSPSKIdentity='' conf_TLSPSKFile='' conf_Hostname='' conf_HostnameItem=''
  conf_HostInterface='' conf_HostInterfaceItem=''
  conf_Server='' conf_ServerActive='' conf_ListenIP='' conf_ListenPort='' conf_SourceIP='' conf_StartAgents=''
  conf_LogType='' conf_LogFile='' conf_PidFile='' conf_ProxyMode='' conf_StartTrappers='' conf_TLSCipherCert='' conf_TLSCipherCert13=''
  identity_file='' identity_line=''
  conf_settings=$(settings "$config" 1)
  read_for="$agent $config"
  while IFS=$us read -r name line file value; do
    [ -n "$name" ] || continue
    eval "conf_$name=\$value"
    if [ "$name" = TLSPSKIdentity ]; then identity_file=$file identity_line=$line; fi
  done <<SETTINGS
$conf_settings
SETTINGS
  passive=false active=false
  case $agent in
    zabbix_proxy)
      if [ "$conf_ProxyMode" = 1 ]; then passive=true; else active=true; fi
      if [ "$conf_StartTrappers" = 0 ]; then listening=false; else listening=true; fi
      ;;
    *)
      [ -z "$conf_Server" ] || [ "$agent$conf_StartAgents" = zabbix_agentd0 ] || passive=true
      [ -z "$conf_ServerActive" ] || active=true
      listening=$passive
      ;;
  esac
  listen_port=${conf_ListenPort#"${conf_ListenPort%%[!0]*}"} # 010050 is 10050 to the agents, octal to the shell, no number to JSON
  case $listen_port in '' | *[!0-9]*) if [ "$agent" = zabbix_proxy ]; then listen_port=10051; else listen_port=10050; fi ;; esac
  pid_file=${conf_PidFile:-/tmp/$agent.pid}
  host_name=${conf_Hostname:-}
  [ -n "$host_name$conf_HostnameItem" ] || host_name=$(uname -n)
}

uses_psk() { uses psk; }
# Which it shows, or takes and no key beside them: of one that takes both, Zabbix says which it comes with.
uses_certificates() { uses cert && { [ "$conf_TLSConnect" = cert ] || ! uses_psk; }; }
uses() { # psk | cert; TLSAccept is a list
  case $agent:$active in # an active proxy ignores TLSAccept, a passive one TLSConnect
    zabbix_proxy:true) tls=$conf_TLSConnect ;;
    zabbix_proxy:*) tls=$conf_TLSAccept ;;
    *) tls=$conf_TLSConnect,$conf_TLSAccept ;;
  esac
  case ",$tls," in *[,[:blank:]]"$1"[,[:blank:]]*) return 0 ;; esac
  return 1
}

# A new file with owner, mode and SELinux label as of another one; the content comes from stdin. The directory may belong to the
# agent's user, who must not be able to have root write to, or open up, a file of its choice: so never a file that somebody has
# put there, and rights by the descriptor, which nobody can swap.
create() { # file (its real path), reference, owner when it is another one: then only he may read it
  rm -f "$1"
  (
    set -C
    exec 6>"$1" || exit 1
    [ "$(readlink /proc/self/fd/6)" = "$1" ] || exit 1 # set -C alone lets a link to a device or pipe through
    cat >&6 || exit 1
    if [ -n "${3:-}" ]; then
      chown "$3" /proc/self/fd/6 && chmod 0400 /proc/self/fd/6 || exit 1
    else
      chown --reference="$2" /proc/self/fd/6 && chmod --reference="$2" /proc/self/fd/6 || exit 1
    fi
    if [ -e /sys/fs/selinux/enforce ] && command -v chcon >/dev/null; then chcon --reference="$2" /proc/self/fd/6; fi
  )
}

replace() { # file (its real path), reference when it is another one; the new content comes from stdin
  create "$1.next" "${2:-$1}" && [ -s "$1.next" ] && sync "$1.next" && mv -fT "$1.next" "$1" && sync "${1%/*}" && return 0
  rm -f "$1.next" # an Include of the whole directory would read it
  return 1
}

# The file with that identity in its line, every other byte as it was: CRLF, blanks and a missing last newline included.
# The identity is printed, never part of a program: a / or & or \ in it is text like any other.
with_identity() { # file, line, identity
  head -n "$(($2 - 1))" "$1"
  sed -n "$2s/^\\([[:space:]]*TLSPSKIdentity[[:space:]]*=[[:space:]]*\\).*/\\1/p" "$1" | tr -d '\n'
  printf '%s' "$3"
  sed -n "$2s/.*[^[:space:]]//p" "$1"
  tail -n "+$(($2 + 1))" "$1"
}

# The line in force can be written again: the identity that it holds now makes the very same file.
can_put_back() {
  [ "$(with_identity "$identity_file" "$identity_line" "$conf_TLSPSKIdentity" | sha256sum)" = "$(sha256sum <"$identity_file")" ]
}

# Where the unchanged configuration file is kept: beside it, unless an Include of the whole directory would read it there.
kept_copy() { # configuration file
  kept=$1.previous
  while IFS=$us read -r name line file value; do
    [ "$name" = Include ] || continue
    include_parts "$value"
    [ "$(readlink -f "$path")" = "${1%/*}" ] || continue
    # shellcheck disable=SC2254 # the pattern is meant as one
    case ${kept##*/} in $pattern) kept=$state/${own}configuration.previous && break ;; esac
  done <<SETTINGS
$conf_settings
SETTINGS
  printf '%s' "$kept"
}
