# What the hosts must look like after any of the tools, looked at with nothing but the system's own programs. $1: the generation.
fail() { echo "wrong: $*"; status=1; }
is() { [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"; }
status=0
for name in pv time tree; do is "package $name" "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" installed; done
for name in benchone benchtwo; do is "user $name" "$(getent passwd "$name" | cut -d: -f5-)" "bench:/opt/bench/data/$name:/usr/sbin/nologin"; done
while read -r path want; do is "$path" "$(stat -c '%F %a %U %G' "$path" 2>/dev/null)" "$want"; done <<END
/opt/bench directory 755 root root
/opt/bench/conf directory 750 root root
/opt/bench/data directory 700 root root
/opt/bench/log directory 755 benchone benchone
/opt/bench/conf/app.conf regular file 640 root root
/opt/bench/conf/one.conf regular file 640 root root
/opt/bench/conf/two.conf regular file 640 root root
/opt/bench/conf/three.conf regular file 640 root root
/etc/profile.d/bench.sh regular file 644 root root
/etc/systemd/system/bench-one.service regular file 644 root root
/etc/systemd/system/bench-two.service regular file 644 root root
END
is app.conf "$(grep generation /opt/bench/conf/app.conf)" "generation = $1"
for name in one two three; do
  is "$name.conf" "$(grep -c "^$name.setting.*nobody reads" "/opt/bench/conf/$name.conf")" 24
  [ $name = three ] || cmp -s "/etc/systemd/system/bench-$name.service" /etc/systemd/system/bench-one.service || fail "unit $name"
done
is profile.sh "$(cat /etc/profile.d/bench.sh)" 'export BENCH_HOME=/opt/bench'
is current "$(readlink /opt/bench/current)" /opt/bench/data
is active.conf "$(readlink /opt/bench/conf/active.conf)" app.conf
while read -r key want; do
  is "$key" "$(sysctl -n "$key" | tr '\t' ' ')" "$want"
  is "saved $key" "$(sed -n "s/^$key *= *//p" /etc/sysctl.d/90-picluster.conf | sort -u)" "$want"
done <<END
net.ipv4.tcp_keepalive_time 600
net.ipv4.tcp_fin_timeout 30
net.ipv4.ip_local_port_range 20000 60000
net.core.somaxconn 2048
END
for name in bench-one bench-two; do
  is "$name" "$(systemctl is-active $name) $(systemctl is-enabled $name)" 'active enabled'
done
exit $status
