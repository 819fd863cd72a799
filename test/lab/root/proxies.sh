#!/bin/sh
# proxies.sh — mmdebstrap hook: lays both builds of zabbix_proxy aside, since Debian's packages of them stand neither
# beside each other nor beside the server. What they need is there with the server's own needs.
# In    $1 = the root, $MMDEBSTRAP_APT_CONFIG = apt's configuration for it
# Out   /opt/zabbix-proxy/sqlite3 and /opt/zabbix-proxy/pgsql: the files of each package
set -eu

aside=$1/opt/zabbix-proxy
mkdir -p "$aside"
cd "$aside"
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq download zabbix-proxy-sqlite3 zabbix-proxy-pgsql
for backend in sqlite3 pgsql; do
  chroot "$1" sh -c "dpkg-deb -x /opt/zabbix-proxy/zabbix-proxy-${backend}_*.deb /opt/zabbix-proxy/$backend"
done
rm "$aside"/*.deb
