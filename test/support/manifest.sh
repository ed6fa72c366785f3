# What a machine is, as sorted lines, for comparison before and after. Independent of picluster: find, dpkg, systemctl and sysctl only.
# Left out: what changes by itself (logs, caches, leases, cluster data with random names, timestamps of the init system).
set -u
export LC_ALL=C
{
  find /etc /usr/local /root /home /opt /srv /boot /var/lib/picluster /var/lib/chrony /var/spool/cron /var/lib/rancher/k3s/agent/images -xdev \
    \( -path /etc/machine-id -o -path /etc/mtab -o -path /etc/ssl/certs -o -path '/etc/rancher/node' -o -path '/etc/.pwd.lock' -o -path '/etc/rancher/k3s/k3s.yaml' \
    -o -name '*.dpkg-old' -o -name 'ld.so.cache' -o -path '/etc/ld.so.cache' -o -name '*-' -o -path /var/lib/chrony/chrony.drift -o -path /root/.kube \
    -o -path /etc/systemd/logind.conf.d/99-kubelet.conf -o -path /var/lib/picluster/stamps -o -path /opt/containerd \) -prune -o -print 2>/dev/null |
  while IFS= read -r path; do
    if [ -h "$path" ]; then printf 'file %s link %s\n' "$path" "$(readlink "$path")"
    elif [ -d "$path" ]; then printf 'file %s directory %s\n' "$path" "$(stat -c '%a %U:%G' "$path")"
    elif [ -f "$path" ]; then
      case $path in
        /etc/shadow) sum=$(cut -d: -f1,2 "$path" | sha256sum) ;;
        # when a file came, and its inode, are a machine's own
        /var/lib/picluster/sums) sum=$(sed 's/ [^|]*|/ /' "$path" | sort | sha256sum) ;;
        *) sum=$(sha256sum <"$path") ;;
      esac
      printf 'file %s %s %s\n' "$path" "$(stat -c '%a %U:%G' "$path")" "${sum%% *}"
    fi
  done
  find /var/lib/picluster/stamps -type f 2>/dev/null | sed 's/^/stamp /'
  dpkg-query -W -f 'package ${Package} ${db:Status-Abbrev} ${Version}\n'
  systemctl list-unit-files --no-legend --no-pager --type=service,timer,socket | awk '{print "unit-file", $1, $2}'
  systemctl list-units --no-legend --no-pager --plain --type=service --state=active,failed |
    awk '$1 !~ /^(user@|user-runtime-dir@|session|run-|apt-daily|dpkg-db|e2scrub|logrotate|man-db|systemd-tmpfiles-clean|systemd-(hostname|timedate|locale)d|fstrim|getty|console-getty|container-getty)/ {print "unit", $1, $3}'
  for key in net.ipv4.ip_forward net.ipv6.conf.all.forwarding fs.inotify.max_user_instances fs.inotify.max_user_watches vm.overcommit_memory kernel.panic kernel.panic_on_oops; do
    printf 'sysctl %s %s\n' "$key" "$(sysctl -n "$key" 2>/dev/null)"
  done
  printf 'hostname %s\n' "$(hostname)"
  printf 'swap %s\n' "$(swapon --show=NAME --noheadings 2>/dev/null | tr '\n' ' ')"
} | sort
