# What a host says about itself: one record per fact, NAME FIELD... A missing file is an empty field, never a failure.
# Whatever the shell can do itself costs no process: this runs on every host of every run.

# first_line PATH: into $line, empty when there is none.
first_line() {
  line=
  [ ! -r "$1" ] || read -r line <"$1" || :
}
# block NAME COMMAND...: the whole output of a command as the one field.
block() {
  printf '%s\037' "$1"
  shift
  "$@" 2>/dev/null </dev/null
  printf '\037\036'
}
has() { command -v "$1" >/dev/null 2>&1; }

block clock date '+%s %N'
for name in hostname:/proc/sys/kernel/hostname machine-id:/etc/machine-id boot-id:/proc/sys/kernel/random/boot_id memory:/proc/meminfo; do
  first_line "${name#*:}"
  record "${name%%:*}" "$line"
done
block uname uname -rm

ID='' ID_LIKE='' VERSION_ID='' VERSION_CODENAME='' PRETTY_NAME=''
for name in /etc/os-release /usr/lib/os-release; do
  if [ -r "$name" ]; then
    . "$name"
    break
  fi
done
record os "$ID" "$ID_LIKE" "$VERSION_ID" "$VERSION_CODENAME" "$PRETTY_NAME"

init=other
if [ -d /run/systemd/system ]; then init=systemd; elif [ -d /run/openrc ] || has openrc; then init=openrc; fi
record init "$init"
manager=other
if has apt-get; then manager=apt; elif has apk; then manager=apk; fi
record packages "$manager"

[ ! -r /proc/device-tree/model ] || block model tr -d '\000' </proc/device-tree/model
for name in /boot/firmware/cmdline.txt /boot/cmdline.txt; do
  if [ -r "$name" ]; then
    first_line "$name"
    record firmware-cmdline "$line"
    break
  fi
done

cpus=0
while read -r name _; do
  case $name in
    cpu[0-9]*) cpus=$((cpus + 1)) ;;
    cpu) ;;
    *) break ;;
  esac
done </proc/stat
record cpus "$cpus"
swaps=-1
while read -r _; do swaps=$((swaps + 1)); done </proc/swaps
record swaps "$swaps"
block disks df -Pk / /var

block addresses ip -o addr show
while read -r name to gateway _ _ _ metric mask _; do
  [ "$to$mask" != 0000000000000000 ] || record route "$name" "$gateway" "$metric"
done 2>/dev/null </proc/net/route

first_line /sys/fs/cgroup/cgroup.controllers
unified=
[ ! -d /sys/fs/cgroup/unified ] || unified=1
legacy=
[ ! -d /sys/fs/cgroup/memory ] || legacy=1
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || unified=2
record cgroup "$unified" "$legacy" "$line"

if has ss; then block listening ss -Hltnp; elif has netstat; then block listening netstat -ltnp; fi
for name in curl wget modprobe; do ! has "$name" || record tool "$name"; done

k3s=/var/lib/rancher/k3s/server
# Asking a binary of this size costs more than everything else here together, so the answer for this very file is kept until the next boot.
if [ -x /usr/local/bin/k3s ]; then
  key=$(stat -Lc '%d:%i:%s:%Y:%Z' /usr/local/bin/k3s 2>/dev/null)
  kept='' version=''
  [ ! -r /run/picluster-k3s-version ] || { read -r kept; read -r version; } </run/picluster-k3s-version
  if [ "$kept" != "$key" ] || [ -z "$version" ]; then
    version=$(/usr/local/bin/k3s --version 2>/dev/null </dev/null)
    case $version in
      'k3s version '*) { printf '%s\n%s\n' "$key" "$version" >/run/picluster-k3s-version; } 2>/dev/null ;;
    esac
  fi
  record k3s-version "$version"
fi
for name in "$k3s"/db/etcd/member/wal/*.wal; do
  if [ -e "$name" ]; then record k3s-etcd; fi
  break
done
[ ! -r "$k3s/tls/server-ca.crt" ] || block k3s-ca sha256sum "$k3s/tls/server-ca.crt"
block uid id -u
# What hardly ever changes: when it is as it was in the last run, the probe that was made from that run's facts is worth running.
fingerprint=
for name in /etc/machine-id /proc/sys/kernel/osrelease /proc/sys/kernel/hostname; do
  first_line "$name"
  fingerprint="$fingerprint$line "
done
fingerprint="$fingerprint$init $manager $ID $VERSION_ID"
record fingerprint "$fingerprint"
record end
