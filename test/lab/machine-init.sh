#!/bin/bash
# machine-init.sh — first process of one machine: a root of its own over the shared read-only one, own processes, own name.
# In    $1 = shared root, or several with colons, the first on top   $2 = the machine's folder in the lab's memory   $3 = the machine's name
#       stdin = a pipe that the lab's process keeps open
# Out   one line: our process id as the computer counts
set -eu
read -r pid _ </proc/self/stat
mkdir -p "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
name=${3//[^A-Za-z0-9.-]/-} # Zabbix allows more in a name than a kernel does
name=${name:0:63}
hostname "$name"
echo "$name" >etc/hostname
printf '127.0.0.1 localhost %s\n' "$name" >etc/hosts
mount -t proc proc proc
mkdir -p dev/shm
mount -t tmpfs -o mode=1777 shm dev/shm
# pivot_root, not chroot: afterwards nothing of the computer's own files can be reached from inside.
pivot_root . mnt
exec chroot . /bin/bash -c "umount -l /mnt; echo $pid; while read -r _; do :; done"
