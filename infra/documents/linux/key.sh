# key.sh — the key file: what it holds, whether it can be changed, and the fingerprint that may be told.

# First 12 hex digits of SHA-256 over the key's lower-case hex digits.
fingerprint_of() { # file
  tr -d '\r\n' <"$1" | tr A-F a-f | sha256sum | cut -c1-12
}

# 32 to 512 hex digits, even in number, and nothing else but line ends: anything more, one of the two agents refuses.
# The key passes through a pipe only.
well_formed() { # file
  tr -d '\r' <"$1" | awk 'NR == 1 { digits = $0; next } $0 != "" { more = 1 }
    END { exit !(!more && digits ~ /^[0-9A-Fa-f]+$/ && length(digits) % 2 == 0 && length(digits) >= 32 && length(digits) <= 512) }'
}

# EF BB BF, which some editors put before a text: an agent takes it for a part of the key and does not start.
begins_with_bom() { # file
  [ "$(head -c 3 "$1" | od -An -tx1 | tr -d ' \n')" = efbbbf ]
}

digits_in() { tr -d '\r\n' <"$1" | wc -c; }

# Everything the reply says of the key, or a refusal that says why there is none. Sets keyFile, the real file behind any link.
tell_key() {
  if ! uses_psk && expects_no_key; then
    tell_no_key
    return 0
  fi
  if uses_certificates; then
    refuse "The $kind uses certificates ($(directions)): leave it out, or, where it uses nothing else, ask for its first encryption."
  fi
  if ! uses_psk || [ -z "$conf_TLSPSKFile" ] || [ -z "$conf_TLSPSKIdentity" ]; then
    refuse "The agent uses no PSK ($(directions)): give it a first key by hand, then adopt it, or ask for its first encryption."
  fi
  case $conf_TLSPSKFile$conf_TLSPSKIdentity in
    *"\${"*) refuse "TLSPSKFile or TLSPSKIdentity comes from an environment variable ($identity_file): write the value itself there." ;;
  esac
  case $conf_TLSPSKFile in
    /*) ;;
    *) refuse "TLSPSKFile=$conf_TLSPSKFile is not an absolute path, so what it names depends on where the agent was started: write the whole path." ;;
  esac
  keyFile=$(readlink -f "$conf_TLSPSKFile" || :)
  { [ -n "$keyFile" ] && [ -f "$keyFile" ]; } || refuse "The key file $conf_TLSPSKFile does not exist: put the key back, or correct TLSPSKFile."
  [ -r "$keyFile" ] || refuse "The key file $conf_TLSPSKFile cannot be read: see its owner, mode and labels."
  known keyOwner "$(stat -c %U:%G "$keyFile")"
  known keyMode "$(stat -c %04a "$keyFile")"
  known freeKb "$(free_kb "$keyFile")"
  ! begins_with_bom "$keyFile" || refuse "The key file $conf_TLSPSKFile begins with a byte order mark: write it anew without one (UTF-8 without BOM), or the agent does not come up after its next restart."
  well_formed "$keyFile" || refuse "The key file $conf_TLSPSKFile does not hold 32 to 512 hex digits, even in number, on one line: write it anew."
  known keyBytes $(($(digits_in "$keyFile") / 2))
  known fingerprint "$(fingerprint_of "$keyFile")"
}

# No key, and where the first one would come.
tell_no_key() {
  [ -z "$conf_TLSPSKFile$conf_TLSPSKIdentity" ] ||
    refuse "TLSPSKFile=$conf_TLSPSKFile and TLSPSKIdentity=$conf_TLSPSKIdentity are set in $config, and neither TLSConnect nor TLSAccept uses them: remove the lines, with which the $kind does not start, or use them and put them into the secret."
  keyFile=$(first_key_file)
  known keyFile "$keyFile"
  known freeKb "$(free_kb "${keyFile%/*}")"
  known fingerprint "$(key_in_force)"
}

directions() { printf 'TLSConnect=%s, TLSAccept=%s in %s' "${conf_TLSConnect:-unencrypted}" "${conf_TLSAccept:-unencrypted}" "$config"; }

free_kb() { df -Pk "$1" | awk 'NR == 2 { print $4 }'; }

# Can be replaced: a file system mounted read-only and an immutable file or directory say no, even to root.
# shellcheck disable=SC2154 # refuse does not return
check_replaceable() { # file, which may not be there yet
  for path in "$1" "${1%/*}"; do
    [ -e "$path" ] || continue
    [ -w "$path" ] || refuse "$path cannot be changed (read-only file system or immutable, see findmnt and lsattr): make it writable, or leave this host out."
  done
  free=$(free_kb "${1%/*}")
  [ "$free" -ge 1024 ] || refuse "Only $free kB are free beside $1 and 1024 kB are wanted: make room."
}
