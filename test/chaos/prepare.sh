# Makes a machine ready for chaos.lab.test.ts: a small disk, a package from a local source, and somebody who looks at the managed files all the time.
set -eu
mkdir -p /var/lib/chaos/small /var/lib/chaos-watch /srv/chaos-repo
printf 'none /var/lib/chaos/small tmpfs size=2m 0 0\n' >>/etc/fstab
mount /var/lib/chaos/small

package=/srv/chaos-tool
mkdir -p "$package/DEBIAN" "$package/usr/share/chaos-tool"
seq 100000 >"$package/usr/share/chaos-tool/data"
printf '%s\n' 'Package: chaos-tool' 'Version: 1.0' 'Architecture: all' 'Maintainer: nobody <nobody@example.com>' \
  'Description: installed and removed by turns' >"$package/DEBIAN/control"
printf '#!/bin/sh\nsleep 0.5\n' | tee "$package/DEBIAN/prerm" >"$package/DEBIAN/postinst"
chmod 755 "$package/DEBIAN/prerm" "$package/DEBIAN/postinst"
cd /srv/chaos-repo
dpkg-deb --build "$package" chaos-tool.deb >/dev/null
{
  cat "$package/DEBIAN/control"
  printf 'Filename: ./chaos-tool.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s chaos-tool.deb)" "$(sha256sum chaos-tool.deb | cut -d' ' -f1)"
} >Packages
printf 'deb [trusted=yes] file:/srv/chaos-repo ./\n' >/etc/apt/sources.list

# A managed file is a generation, whole, or it is not there.
cat >/usr/local/sbin/chaos-watch <<'WATCH'
#!/bin/sh
while :; do
  for file in /var/lib/chaos/conf /var/lib/chaos/small/conf; do
    [ -e "$file" ] || continue
    said=$(awk 'NR == 1 { generation = $2 } $2 != generation { mixed = 1 } { last = $1 }
      END { if (NR != 4001 || last != "end" || mixed) print NR " lines, the last is of " $0 }' "$file" 2>&1)
    case $said in '' | *'No such file'*) ;; *) echo "$file: $said" >>/var/lib/chaos-watch/violations ;; esac
  done
  echo x >>/var/lib/chaos-watch/looks
  sleep 0.1
done
WATCH
chmod 755 /usr/local/sbin/chaos-watch
cat >/etc/systemd/system/chaos-watch.service <<'UNIT'
[Service]
ExecStart=/usr/local/sbin/chaos-watch
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet --now chaos-watch
