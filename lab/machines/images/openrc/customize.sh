#!/bin/sh
# The last hook of mmdebstrap: makes a small OpenRC system with busybox and apk of a Debian. $1 is its root, $2 this directory,
# $3 the authorities this machine trusts.
set -eu
root=$1 here=$2
debian=$here/../debian/rootfs

# What the machine's package repository has to offer; their libraries are in the image.
repository=$root/usr/share/lab-apk
mkdir -p "$repository" "$root/lib/apk/db" "$root/etc/apk" "$root/var/cache/apk"
chroot "$root" sh -c 'cd /usr/share/lab-apk && apt-get -q download chrony sudo tree >/dev/null'

cp -R --no-preserve=mode,ownership "$here/rootfs/." "$root/"
install -D -m 755 "$debian/usr/local/sbin/lab-prepare" "$root/usr/local/sbin/lab-prepare"
install -D -m 644 "$debian/etc/lab/sysctls" "$root/etc/lab/sysctls"
chmod 755 "$root"/etc/init.d/* "$root"/usr/sbin/apk "$root"/usr/share/lab-apk/*.post-install

# busybox is init, the shell, and every program that it has: only what it lacks is Debian's.
for applet in $(chroot "$root" busybox --list); do
  case $applet in
    init | halt | poweroff | reboot) ln -sf /bin/busybox "$root/sbin/$applet" ;;
    ar | login | rpm* | dpkg* | start-stop-daemon) ;;
    *) ln -sf /bin/busybox "$root/usr/local/bin/$applet" ;;
  esac
done
ln -sf busybox "$root/bin/sh"
ln -sf busybox "$root/bin/ash"

# Debian's own runlevels and scripts, and its package manager, are not there.
rm -f "$root"/etc/runlevels/*/* "$root"/etc/init.d/ssh "$root"/etc/init.d/hwclock.sh "$root"/etc/init.d/kmod "$root"/etc/init.d/procps
rm -f "$root"/usr/bin/apt "$root"/usr/bin/apt-*
rm -rf "$root"/var/lib/apt/lists/*
for entry in sysinit/lab-prepare boot/networking boot/hostname boot/sysctl boot/syslog default/sshd; do
  ln -s "/etc/init.d/${entry#*/}" "$root/etc/runlevels/$entry"
done
rm -f "$root/etc/os-release"
cp "$here/os-release" "$root/etc/os-release"

# Each node gets its own, when it is made.
rm -f "$root"/etc/ssh/ssh_host_*key* "$root/etc/hostname" "$root/etc/resolv.conf"
: > "$root/etc/machine-id"
mkdir -p "$root/var/lib/rancher"

chroot "$root" useradd --create-home --uid 1000 --user-group --shell /bin/ash admin
echo /bin/ash >> "$root/etc/shells"
echo 'permit nopass admin as root' > "$root/etc/doas.conf"
chmod 600 "$root/etc/doas.conf"
echo 'ca-certificates
curl
doas
openrc
openssh
tzdata' > "$root/etc/apk/world"
chroot "$root" apk --lab-init

if [ -s "$3" ]; then cp "$3" "$root/etc/ssl/certs/ca-certificates.crt"; fi
