# forget.sh — nothing of the rotation stays on the node: no previous key, no staged key, no key pair, no state.
# In    SSM_secretId, SSM_versionId, SSM_config, SSM_proxyConfig, SSM_firstEncryption, SSM_fingerprint        Out   last line of stdout is one JSON object, never a key
# Exit  0 forgotten · 10 the key in place is not the one that is to stay
begin forget
program_parameters
parameter fingerprint 'a-z0-9'

main() {
  take_lock
  look=wanted
  if [ -n "$(phase)" ]; then
    look=noted
    same_rotation || refuse_busy
    # Brought to the key that is to stay: whoever forgets knows which one that is.
    if [ "$(noted from)" = "$fingerprint" ]; then finish_exchange back; else finish_exchange; fi
    # A switch that has just reported may still be asking with the key it gave up.
    await waiting 20 || refuse "A switch or restore of this rotation is waiting on this node: let it end, or call it off with restore."
  fi
  see_programs $look
  tell_rotation
  [ "$known_fingerprint" = "$fingerprint" ] ||
    refuse "The key in ${conf_TLSPSKFile:-$keyFile} has the fingerprint $known_fingerprint and $fingerprint was to stay: find out which key the server has before anything is forgotten."
  clear_rotation
  rm -rf "$state"
  known rotation null
  finish forgotten 0 "Nothing of the rotation is left beside $conf_TLSPSKFile or in $state."
}

main
