# first-key.sh — an agent or proxy without a PSK, unencrypted or with a certificate, gets its first one, and loses it again: the key file, and
# the lines that name it.
#
# They stand at the end of the program's own configuration file: of two lines with one name the last in reading order counts, so that
# nothing that is there is touched, whatever it says. What is taken away is those lines; the bytes before and after them stay.

# Beside the configuration, by the program's own name. Real paths: what is in force is not to depend on a link.
first_key_file() (
  real=$(readlink -f "$config")
  printf '%s/%s.psk' "${real%/*}" "$agent"
)

first_key_begin='# First key, by zabbix-psk-rotation'
first_key_end='# End of the first key'
no_line_end=' (the line before had no end)'

# Each program is told what it reads: an active proxy is connected to by nobody, a passive one connects to nobody.
with_first_key() { # file, identity, TLSAccept from now on, key file
  cat "$1"
  unended=
  if [ -n "$(tail -c 1 "$1")" ]; then unended=$no_line_end && echo; fi
  echo "$first_key_begin$unended"
  case $agent:$active in zabbix_proxy:false) ;; *) echo TLSConnect=psk ;; esac
  case $agent:$active in zabbix_proxy:true) ;; *) echo "TLSAccept=$3" ;; esac
  printf '%s\n' "TLSPSKIdentity=$2" "TLSPSKFile=$4" "$first_key_end"
}

# Agent 2 does not start with parameters of a certificate that it neither shows nor takes (6.0.14, 7.0.22).
taken_with_first_key() {
  case $kind:$(noted from):$(noted firstEncryption) in
    agent:certificate:*) echo cert,psk ;;
    *:only-psk) echo psk ;;
    *) echo unencrypted,psk ;;
  esac
}

has_first_key() { # file
  grep -q "^$first_key_begin" "$1"
}

without_first_key() { # file
  begins=$(grep -n "^$first_key_begin" "$1" | tail -n 1)
  ends=$(tail -n "+${begins%%:*}" "$1" | grep -nx "$first_key_end" | head -n 1)
  case $begins in
    *"$no_line_end") head -n "$((${begins%%:*} - 1))" "$1" | head -c -1 ;;
    *) head -n "$((${begins%%:*} - 1))" "$1" ;;
  esac
  tail -n "+$((${begins%%:*} + ${ends%%:*}))" "$1"
}

# What would be written can be taken away again, byte for byte.
first_key_comes_off() {
  with_first_key "$config" trial psk "$keyFile" >"$state/configuration.trial"
  [ "$(without_first_key "$state/configuration.trial" | sha256sum)" = "$(sha256sum <"$config")" ] || return 1
  rm -f "$state/configuration.trial"
}

# The key first, then the lines that name it: until these are there the agent uses none. Taken twice it changes nothing more.
give_first_key() { # fingerprint
  if [ "$(key_in "$keyFile")" != "$1" ]; then
    if [ -e "$keyFile" ]; then
      problem="$keyFile is there and is not the key that was to come there"
      return 1
    fi
    [ "$(key_in "$keyFile.next")" = "$1" ] || {
      problem="$keyFile.next is not the key that was to be put in place"
      return 1
    }
    mv -T "$keyFile.next" "$keyFile" && sync "${keyFile%/*}" || return 1
  fi
  for each in $programs; do
    use_program "$each"
    identity_file=$(readlink -f "$config")
    ! has_first_key "$identity_file" || continue
    rewrite with_first_key "$(noted identityTo)" "$(taken_with_first_key)" "$keyFile" || return 1
  done
}

# The lines first. The key is kept as the next one, for whoever has to give it again.
take_first_key_away() {
  for each in $programs; do
    use_program "$each"
    identity_file=$(readlink -f "$config")
    has_first_key "$identity_file" || continue
    rewrite without_first_key || return 1
  done
  # Never a file that somebody else has put there.
  [ "$(key_in "$keyFile")" != "$(noted to)" ] || { mv -fT "$keyFile" "$keyFile.next" && sync "${keyFile%/*}"; }
}

# Content and rights of one open file, as write_identity does it.
# shellcheck disable=SC2094 # the new file is written beside the old one
rewrite() { # with_first_key | without_first_key, its further arguments
  how=$1
  shift
  {
    cat <&5 >"$state/configuration.now" &&
      "$how" "$state/configuration.now" "$@" | replace "$identity_file" /proc/self/fd/5
  } 5<"$identity_file"
}

key_in() { # file, which may not be there
  if [ -f "$1" ]; then fingerprint_of "$1"; fi
}

# Of the program in hand, where there was no key before.
key_in_force() {
  if uses_psk; then key_in "$conf_TLSPSKFile"; elif uses cert; then echo certificate; else echo unencrypted; fi
}
