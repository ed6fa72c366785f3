#!/bin/sh
# The last hook of mmdebstrap; $1 is the root of the new system, $2 this directory, $3 the authorities this machine trusts.
set -eu
root=$1 here=$2

cp -R --no-preserve=mode,ownership "$here/rootfs/." "$root/"
chmod 755 "$root"/usr/local/sbin/lab-*

# Each node gets its own, when it is made.
rm -f "$root"/etc/ssh/ssh_host_*key* "$root/var/lib/dbus/machine-id" "$root/etc/hostname" "$root/etc/resolv.conf"
: > "$root/etc/machine-id"

chroot "$root" useradd --create-home --uid 1000 --user-group --shell /bin/bash admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/admin"
chmod 440 "$root/etc/sudoers.d/admin"

chroot "$root" systemctl --quiet enable lab-prepare.service systemd-networkd.service systemd-networkd-wait-online.service ssh.service
# K3s starts a containerd of its own; a node has no console to log in at.
chroot "$root" systemctl --quiet mask containerd.service console-getty.service
mkdir -p "$root/var/log/journal" "$root/var/lib/rancher"

# A mirror behind TLS is trusted here by this machine's authorities: the nodes need them too.
if [ -s "$3" ]; then cp "$3" "$root/etc/ssl/certs/ca-certificates.crt"; fi
