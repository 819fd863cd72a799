# reply.sh — first part of every document: the parameters, and the one way a verb ends.
# Out   last line of stdout is one JSON object, never a key      Exit  0 · 10 · 20 · 30, see docs/host-scripts.md
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C # bytes: lengths, character classes and sort order must not depend on the node's locale
export PATH LC_ALL
unset IFS CDPATH ENV

us=$(printf '\037') # unit separator: no path and no configuration value holds it

# Sets the variable of that name. The SSM agent hands a parameter without value over as the text "null".
# Systems Manager checks the patterns too; here they keep a stray value out of arithmetic and of file names.
parameter() { # name, the characters that it may hold
  eval "value=\${SSM_$1-}"
  [ "$value" != null ] || value=
  case $value in
    *[!$2]*) value=${value%%[!"$2"]*} && refuse "The parameter $1 holds a character that it may not hold after \"$value\": send the document of this release." ;;
  esac
  eval "$1=\$value"
}

now_ms() { date +%s%3N; }

known() { # field, value: what the reply will say about this node
  eval "known_$1=\$2"
}

# JSON object of (type, name, value) triples: s text, S text that is never shortened, r anything that is JSON already.
# Run Command keeps the first 24,000 bytes of the output: when the texts are too long for 8 kB they are shortened.
object() {
  awk 'BEGIN {
    for (i = 1; i < 32; i++) escaped[sprintf("%c", i)] = sprintf("\\u%04x", i)
    escaped["\""] = "\\\""; escaped["\\"] = "\\\\"; escaped["\n"] = "\\n"; escaped["\t"] = "\\t"
    for (limit = 700; limit >= 30; limit = int(limit / 2)) {
      out = "{"
      for (i = 1; i + 2 < ARGC; i += 3)
        out = out (i > 1 ? "," : "") quoted(ARGV[i + 1], 9999) ":" (ARGV[i] == "r" ? ARGV[i + 2] : quoted(ARGV[i + 2], ARGV[i] == "S" ? 9999 : limit))
      if (length(out) < 7900) break
    }
    print out "}"
  }
  function quoted(text, limit,   i, c, q) {
    if (length(text) > limit) {
      text = substr(text, 1, limit)
      sub(/[\300-\377][\200-\277]*$/, "", text) # never half a UTF-8 character
      text = text "…"
    }
    q = "\""
    for (i = 1; i <= length(text); i++) {
      c = substr(text, i, 1)
      q = q (c in escaped ? escaped[c] : c)
    }
    return q "\""
  }' "$@"
}

finish() { # outcome, exit code, sentence
  finished=$1
  finish_code=$2
  set -- S verb "$verb" S secretId "$secretId" S versionId "$versionId" S node "$node" \
    s outcome "$1" s says "$3" r zabbixPsk 1 r clockMs "$(now_ms)"
  for field in agent version config hostname tlsConnect tlsAccept identity identityFile keyFile fingerprint keyOwner \
    keyMode server serverActive listenIp service openssl tlsLibrary; do
    eval "value=\${known_$field-}"
    [ -z "$value" ] || set -- "$@" s "$field" "$value"
  done
  for field in keyBytes listenPort passive active running freeKb again gates probe places rotation lastSwitch \
    waitedMs probes stoppedAtMs listeningAtMs downMs; do
    eval "value=\${known_$field-}"
    [ -z "$value" ] || set -- "$@" r "$field" "$value"
  done
  for field in publicKey gate oldKey to; do
    eval "value=\${known_$field-}"
    [ -z "$value" ] || set -- "$@" S "$field" "$value"
  done
  object "$@"
  exit "$finish_code"
}

# Where no rotation is noted nobody would come to take away what a refusal leaves, and be it a lock.
refuse() {
  [ -z "${locked-}" ] || [ -n "$(noted phase)" ] || rm -rf "$state"
  finish refused 10 "$1"
}

# A verb that dies of something unforeseen (disk full, a tool that is missing) still answers in one line.
# Until the exchange begins nothing that the agent uses has been touched.
finished=
exchanging=
ended() {
  [ -z "$finished" ] || return 0
  trap - EXIT
  if [ -n "$exchanging" ]; then
    finish stranded 30 "The $verb script came to grief (exit status $1) while the key was being exchanged: run restore, then look at $keyFile."
  fi
  refuse "The $verb script came to grief (exit status $1) before it touched the agent: its stderr says where, a full disk and a missing tool are the usual reasons."
}

begin() { # verb
  verb=$1 secretId='' versionId='' keyFile=''
  node=${AWS_SSM_INSTANCE_ID:-}
  trap 'ended $?' EXIT
  [ "$(id -u)" = 0 ] || refuse "This script runs as user $(id -u) and must be root: let the SSM agent run it."
  parameter secretId 'A-Za-z0-9:/_+=.@-'
  parameter versionId 'A-Za-z0-9-'
}
