import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import { LOCK_HELPERS } from './package-lock.ts';
import { bareNames, type PackageManager, STATUS_RECORDS } from './package-manager.ts';

/** apk 3 has the second file, older ones the first. Source: apk(8), apk-world(5). */
const HELPERS = `${LOCK_HELPERS}
apk_run() { apk --wait 300 --no-progress --no-interactive "$@"; }

apk_wait() { wait_for_locks /lib/apk/db/lock /run/apk/db.lock; }
`;

/**
 * Alpine's. A package that is there only because another needs it goes with that one, so it counts as `dependency` until /etc/apk/world
 * names it. A constraint that world holds stays as it is unless a version is asked for.
 */
export const apk: PackageManager = {
  probe: (lists) => {
    const wanted = lists.map((names) => sh`printf 'w'; printf ' %s' ${names}; printf '\n'`);
    // `info -e` knows names that other packages provide, `info -v` knows versions.
    return sh`
      {
      ${joinScripts(wanted)}
      sed 's/^/c /' /etc/apk/world
      apk info -e ${bareNames(lists)} | sed 's/^/e /'
      apk info -v | sed 's/^/v /'
      } 2>/dev/null | awk '
        $1 == "w" { lists[++n] = substr($0, 3); next }
        $1 == "c" { name = $2; sub(/[=<>~@].*/, "", name); world[name] = $2; next }
        $1 == "e" { there[$2] = 1; next }
        $1 == "v" && match($2, /-[0-9][^-]*(-r[0-9]+)?$/) { name = substr($2, 1, RSTART - 1); there[name] = 1; version[name] = substr($2, RSTART + 1) }
        function status(wanted, name) {
          name = wanted
          sub(/=.*/, "", name)
          if (!(name in there)) return ""
          if (wanted != name && version[name] != substr(wanted, length(name) + 2)) return version[name]
          if (!(name in world)) return "dependency"
          return wanted != name && world[name] != wanted ? "not pinned" : "installed"
        }
        ${STATUS_RECORDS}'`;
  },

  /** The index is fetched only when the present one does not lead to the packages. What packages recommend, apk does not know. */
  install: (names) => sh`
    ${rawScript(HELPERS)}
    apk_wait
    set -- ${names}
    asked=
    if ! apk_run add --simulate "$@" >/dev/null 2>&1; then
      apk_run update || asked=no
    fi
    if ! apk_run add "$@"; then
      if [ -n "$asked" ]; then
        { echo "not all repositories could be asked, so a package may only seem to be missing; is there a way out (network, DNS, proxy)? they are:"
          grep -v '^#' /etc/apk/repositories; } >&2
      fi
      exit 1
    fi`,

  remove: (names, { purge }) => sh`
    ${rawScript(HELPERS)}
    apk_wait
    apk_run del ${purge && '--purge'} ${names}`,
};
