# inspect.sh — tell what is there; change nothing, not even a lock.
# In    SSM_secretId, SSM_versionId, SSM_config, SSM_proxyConfig        Out   last line of stdout is one JSON object, never a key
# Exit  0 inspected · 10 no agent or proxy, no PSK or no readable key
begin inspect
program_parameters
tell_rotation
known openssl "$(openssl version 2>/dev/null | cut -d' ' -f2)"
see_programs wanted
finish inspected 0 "$agent $known_version ($config) $([ -n "$main_pid" ] && echo runs || echo 'does not run') $(case $known_fingerprint in unencrypted) echo 'without a PSK' ;; certificate) echo 'with a certificate' ;; *) echo "with the PSK identity $conf_TLSPSKIdentity" ;; esac)."
