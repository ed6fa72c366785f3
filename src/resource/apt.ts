import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import { LOCK_HELPERS } from './package-lock.ts';
import { bareNames, type PackageManager, STATUS_RECORDS } from './package-manager.ts';

/** apt's own wait (DPkg::Lock::Timeout) does not cover the lists, and names nobody. */
const HELPERS = `${LOCK_HELPERS}
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1

apt_wait() {
  wait_for_locks /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock || return 1
  # Left half-done by a power cut or a kill: apt refuses everything until this was done.
  [ -z "$(dpkg --audit)" ] || dpkg --configure -a --force-confdef --force-confold
}

apt_get() {
  apt-get -q -y -o DPkg::Lock::Timeout=60 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o APT::Get::AutomaticRemove=false --allow-downgrades "$@"
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
      dpkg-query -W -f 's ${rawScript('${Package} ${db:Status-Status} ${Version}')}\n' ${bareNames(lists)} 2>/dev/null
      } | awk '
        $1 == "w" { lists[++n] = substr($0, 3); next }
        $1 == "s" && found[$2] != "installed" { found[$2] = ($3 == "not-installed" ? "" : $3); version[$2] = $4 }
        function status(wanted, name) {
          name = wanted
          sub(/=.*/, "", name)
          return wanted != name && found[name] == "installed" && version[name] != substr(wanted, length(name) + 2) ? version[name] : found[name]
        }
        ${STATUS_RECORDS}'`;
  },

  /** Lists are fetched only when the present ones do not lead to the packages: when dpkg was never begun. A download alone before costs half as much again. */
  install: (names, { recommends }) => sh`
    ${rawScript(HELPERS)}
    apt_wait
    set -- ${recommends ? '--install-recommends' : '--no-install-recommends'} ${names}
    begun=$(mktemp)
    trap 'rm -f "$begun"' EXIT
    if ! apt_get -o "DPkg::Pre-Invoke::=echo begun >$begun" install "$@"; then
      # dpkg was reached: what failed has nothing to do with the lists
      [ ! -s "$begun" ] || exit 100
      echo 'with the present lists it cannot be installed: they are fetched anew'
      apt_get update
      apt_get install "$@"
    fi`,

  remove: (names, { purge }) => sh`
    ${rawScript(HELPERS)}
    apt_wait
    apt_get ${purge ? 'purge' : 'remove'} ${names}`,
};
