/**
 * Shell functions. Who holds a lock file is in /proc/locks, by inode; fuser and lsof need not be there. The package managers' own waits
 * name nobody. Set before: lock_seconds, the longest wait.
 */
export const LOCK_HELPERS = `
# lock_holder FILE...: who holds the first of them that is held; fails when none is.
lock_holder() {
  for file; do
    [ -e "$file" ] || continue
    pid=$(awk -v inode="$(stat -c %i "$file")" '$2 != "->" { n = split($6, at, ":"); if (at[n] == inode) { print $5; exit } }' /proc/locks)
    [ -n "$pid" ] || continue
    name=
    [ ! -r "/proc/$pid/comm" ] || read -r name <"/proc/$pid/comm" || true
    command=$(tr '\\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | cut -c 1-120)
    echo "$file is locked by ${'${name:-a process}'} (pid $pid${'${command:+: ${command% }}'})"
    return 0
  done
  return 1
}

wait_for_locks() {
  waited=0
  while holder=$(lock_holder "$@"); do
    [ "$waited" -gt 0 ] || echo "waiting: $holder"
    if [ "$waited" -ge "$lock_seconds" ]; then
      echo "$holder, for more than $lock_seconds s: let it finish, or stop it, and run again" >&2
      return 1
    fi
    sleep 1
    waited=$((waited + 1))
  done
}
`;
