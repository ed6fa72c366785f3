# Takes the 24 resources away again, whoever made them.
systemctl disable -q --now bench-one bench-two 2>/dev/null
rm -rf /opt/bench /etc/profile.d/bench.sh /etc/systemd/system/bench-*.service /etc/sysctl.d/90-picluster.conf /var/lib/picluster
systemctl daemon-reload
for name in benchone benchtwo; do
  userdel "$name" 2>/dev/null
  groupdel "$name" 2>/dev/null
done
dpkg -P pv time tree >/dev/null 2>&1
sysctl -q -w net.ipv4.tcp_keepalive_time=7200 net.ipv4.tcp_fin_timeout=60 'net.ipv4.ip_local_port_range=32768 60999' net.core.somaxconn=4096
exit 0
