#!/bin/sh
# database.sh — mmdebstrap hook: loads Zabbix' schema and data into a PostgreSQL data directory inside the root, and beside
# them the empty database of a proxy (see proxies.sh).
# Loading takes half a minute, so it is done once; every lab then writes to its own copy, page files being copied
# by the overlay when they are first written.
# In    $1 = the root   $2 = folder of PostgreSQL's programs inside it
# Out   /var/lib/postgresql/lab, shut down cleanly
set -eu

as_postgres() { chroot "$root" setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

root=$1
bin=$2
data=/var/lib/postgresql/lab

# The cluster that the package made has the encoding of the machine that installed it, and is not needed.
rm -rf "$root"/var/lib/postgresql/[0-9]* "$root"/etc/postgresql/*/main

# Small WAL segments: whatever is written is held in memory later.
as_postgres "$bin/initdb" -D "$data" -A trust -E UTF8 --locale=C.UTF-8 --wal-segsize=4 --no-sync >/dev/null
cat >>"$root$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '/run/postgresql'
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = '64MB'
min_wal_size = '16MB'
shared_buffers = '64MB'
dynamic_shared_memory_type = mmap
jit = off
logging_collector = off
CONF

install -d -o "$(stat -c %u "$root$data")" -g "$(stat -c %g "$root$data")" -m 2775 "$root/run/postgresql"
as_postgres "$bin/pg_ctl" -D "$data" -w -l "$data/load.log" start >/dev/null
as_postgres psql -q -v ON_ERROR_STOP=1 -d postgres \
  -c "create role zabbix login" -c "create database zabbix owner zabbix template template0 encoding 'UTF8'"
for part in schema images data; do
  zcat "$root/usr/share/zabbix-server-pgsql/$part.sql.gz" | as_postgres psql -q -v ON_ERROR_STOP=1 -U zabbix zabbix >/dev/null
done
as_postgres psql -q -v ON_ERROR_STOP=1 -d postgres \
  -c "create database zabbix_proxy owner zabbix template template0 encoding 'UTF8'"
zcat "$root/opt/zabbix-proxy/pgsql/usr/share/zabbix-proxy-pgsql/schema.sql.gz" |
  as_postgres psql -q -v ON_ERROR_STOP=1 -U zabbix zabbix_proxy >/dev/null
# Debian's data brings a host "Zabbix server" with some hundred items on 127.0.0.1, which the lab does not have.
as_postgres psql -q -U zabbix zabbix -c "update hosts set status = 1 where host = 'Zabbix server'" -c 'vacuum analyze'
as_postgres "$bin/pg_ctl" -D "$data" -w -m fast stop >/dev/null
rm -f "$root$data/load.log"
