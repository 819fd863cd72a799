#!/bin/sh
# genpkey.sh — gives a key pair that was made beforehand, where a script has `openssl genpkey` make one: that takes up to two
# seconds of a core, and it is not what is tried here.
# In    the arguments of openssl genpkey, of which the last is the file; /opt/crash/key-pairs
# Out   the file
for file; do :; done
# The oldest, which becomes the youngest: no two rotations one after the other get the same.
# shellcheck disable=SC2012 # their names are numbers
key_pair=/opt/crash/key-pairs/$(ls -tr /opt/crash/key-pairs | head -n 1)
/usr/bin/cat "$key_pair" >"$file"
touch "$key_pair"
