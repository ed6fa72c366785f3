#!/bin/bash
# Runs one node: boots it, boots it again after a reboot, ends when it is powered off. Outlives the command that started it.
# usage: unshare --mount runner.sh DIRECTORY BASE CGROUP MEMORY-BYTES|- NSPAWN-ARGUMENT...
set -u
dir=$1 base=$2 cgroup=$3 memory=$4
shift 4

exec 9> "$dir/runner.lock"
flock --nonblock 9 || { echo "another runner has $dir"; exit 0; }

# A cgroup of its own in every hierarchy, below the one we are in: nodes that share one kill each other's units.
enter() {
  mkdir -p "$1" || exit 70
  if [ -e "$1/cpuset.cpus" ] && [ -z "$(cat "$1/cpuset.cpus")" ]; then
    cat "${1%/*}/cpuset.cpus" > "$1/cpuset.cpus"
    cat "${1%/*}/cpuset.mems" > "$1/cpuset.mems"
  fi
  if [ "$memory" != - ] && [ -e "$1/memory.limit_in_bytes" ]; then echo "$memory" > "$1/memory.limit_in_bytes"; fi
  if [ "$memory" != - ] && [ -e "$1/memory.max" ]; then echo "$memory" > "$1/memory.max"; fi
  echo $$ > "$1/cgroup.procs" || exit 70
}

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  # one hierarchy: below the root, where a cgroup may hold processes and hand down controllers
  sed 's/[^ ][^ ]*/+&/g' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
  enter "/sys/fs/cgroup/$cgroup"
else
  while IFS=: read -r _ controllers path; do
    hierarchy=${controllers#name=}
    enter "/sys/fs/cgroup/${hierarchy:-unified}${path%/}/$cgroup"
  done < <(cat /proc/self/cgroup)
fi

# Mounted in our own mount namespace: it goes when the last process of the node goes, however that ends.
mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work,index=off,metacopy=off" "$dir/root" || exit 71

while [ -d "$dir/upper" ]; do
  echo "--- $(date -u +%FT%TZ) power on"
  systemd-nspawn "$@" 9>&-
  status=$?
  echo "--- $(date -u +%FT%TZ) ended with $status"
  [ "$status" = 133 ] || break
done
