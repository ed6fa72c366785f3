import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import type { PackageManager } from './package-manager.ts';

/** Unattended upgrades of a fresh machine take minutes. */
const LOCK_SECONDS = 300;

/**
 * Who holds a lock file is in /proc/locks, by inode; fuser and lsof need not be there. apt's own wait (DPkg::Lock::Timeout) does not
 * cover the lists, and names nobody.
 */
const HELPERS = String.raw`
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1

apt_lock_holder() {
  for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
    [ -e "$file" ] || continue
    pid=$(awk -v inode="$(stat -c %i "$file")" '$2 != "->" { n = split($6, at, ":"); if (at[n] == inode) { print $5; exit } }' /proc/locks)
    [ -n "$pid" ] || continue
    name=
    [ ! -r "/proc/$pid/comm" ] || read -r name <"/proc/$pid/comm" || true
    echo "$file is locked by ${'${name:-a process}'} (pid $pid)"
    return 0
  done
  return 1
}

apt_wait() {
  waited=0
  while holder=$(apt_lock_holder); do
    [ "$waited" -gt 0 ] || echo "waiting: $holder"
    if [ "$waited" -ge ${LOCK_SECONDS} ]; then
      echo "$holder, for more than ${LOCK_SECONDS} s: let it finish, or stop it, and run again" >&2
      return 1
    fi
    sleep 1
    waited=$((waited + 1))
  done
  # Left half-done by a power cut or a kill: apt refuses everything until this was done.
  [ -z "$(dpkg --audit)" ] || dpkg --configure -a --force-confdef --force-confold
}

apt_get() {
  apt-get -q -y -o DPkg::Lock::Timeout=60 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o APT::Get::AutomaticRemove=false "$@"
}
`;

/** Debian's and Ubuntu's. */
export const apt: PackageManager = {
  probe: (lists) => {
    const wanted = lists.map((names) => sh`printf 'w'; printf ' %s' ${names}; printf '\n'`);
    // One dpkg-query for all: its complaints about names it does not know are the answer, too.
    return sh`
      {
      ${joinScripts(wanted)}
      dpkg-query -W -f 's ${rawScript('${Package} ${db:Status-Status}')}\n' ${[...new Set(lists.flat())]} 2>/dev/null
      } | awk '
        $1 == "w" { lists[++n] = substr($0, 3); next }
        $1 == "s" && status[$2] != "installed" { status[$2] = ($3 == "not-installed" ? "" : $3) }
        END {
          for (i = 1; i <= n; i++) {
            count = split(lists[i], names, " ")
            for (j = 1; j <= count; j++) printf "%s %s\037", names[j], status[names[j]]
            printf "\036"
          }
        }'`;
  },

  /** Lists are fetched only when the present ones do not lead to the packages. */
  install: (names, { recommends }) => sh`
    ${rawScript(HELPERS)}
    apt_wait
    set -- ${recommends ? '--install-recommends' : '--no-install-recommends'} ${names}
    if ! apt_get install --download-only "$@" >/dev/null 2>&1; then
      apt_get update
      apt_get install --download-only "$@"
    fi
    apt_get install "$@"`,

  remove: (names, { purge }) => sh`
    ${rawScript(HELPERS)}
    apt_wait
    apt_get ${purge ? 'purge' : 'remove'} ${names}`,
};
