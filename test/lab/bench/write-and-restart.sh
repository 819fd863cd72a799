# write-and-restart.sh — what an operator's script does on a host: the new key over the old one, then the agent's restart.
# In    stdin: the key as hex digits      environment: keyFile, service, pidFile, address
# Out   when the stop began and when the agent listened again, milliseconds since 1970 by the host's clock
set -eu
cat >"$keyFile" # owner and mode stay as they are
stopped=$(date +%s%3N)
service "$service" stop >/dev/null
# Without systemd Debian's script for agent 2 fails every second time unless the pid file is the agent's own (../hosts/small-host.ts).
install -o zabbix -g zabbix -m 0644 /dev/null "$pidFile"
service "$service" start >/dev/null
looks=0
until ss -Hltn "src $address and sport = :10050" | grep -q .; do
  looks=$((looks + 1))
  [ "$looks" -lt 1000 ] # 10 s and more: it does not come
  sleep 0.01
done
echo "$stopped $(date +%s%3N)"
