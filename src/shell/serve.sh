# What the long-lived shell of one host runs: it takes requests on standard input and answers in frames. POSIX: dash, bash, busybox sh.
# Set before this text: picluster_marker, picluster_prelude, picluster_shell.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 LANG=C.UTF-8 TERM=dumb
export DEBIAN_FRONTEND=noninteractive
unset HISTFILE CDPATH ENV BASH_ENV LANGUAGE
umask 022
cd /

picluster_frame() { printf '%s %s\n' "$picluster_marker" "$*"; }

# picluster_request ID HEAD SCRIPT: runs head, prelude and script in a session of its own. They go through a pipe, never through
# argv or a file, and in the background, so that this shell can be told to end them. Descriptor 4 is standard error: bash itself has
# something to say there about a request that was killed.
picluster_request() {
  wait
  {
    # shellcheck disable=SC2086 # two words for `busybox sh`
    printf '%s\n%s\n%s\n' "$2" "$picluster_prelude" "$3" 2>/dev/null |
      setsid $picluster_shell -c '. /proc/self/fd/3' sh 3<&0 </dev/null 2>&4 4>&-
    picluster_frame end "$1" "$?"
    picluster_frame end "$1" >&4
  } 4>&2 2>/dev/null </dev/null &
}

# picluster_signal SIGNAL SESSION: twice over, as a process may fork while it is looked for.
picluster_signal() (
  signal=$1 session=$2
  for _ in 1 2; do
    for stat in /proc/[0-9]*/stat; do
      { read -r line <"$stat"; } 2>/dev/null || continue
      set -- ${line##*) }
      [ "$4" = "$session" ] && kill "-$signal" "${line%% *}" 2>/dev/null
    done
  done
)

# picluster_lock PATH HOLDER [again]: the lock lives as long as this shell and whatever it started. A run that was just killed
# frees it within a moment, so a few tries are made before its holder is named. `again`: the holder's own older shell, whose connection
# is lost, is ended if it does not know that yet; what it started may end in peace, and is named.
picluster_lock() {
  command -v flock >/dev/null 2>&1 || { picluster_frame failed 'flock is not installed'; exit 1; }
  if ! (: >>"$1") 2>/dev/null; then
    picluster_frame failed "cannot write the lock file $1"
    exit 1
  fi
  exec 9>>"$1"
  for pause in 1 1 0; do
    flock -n 9 && { printf '%s\n' "$2" "$$" >"$1"; return; }
    { read -r holder; read -r shell; } <"$1"
    if [ "${3-}" = again ] && [ "$holder" = "$2" ] && [ "/proc/${shell:-none}/fd/9" -ef "$1" ]; then kill -HUP "$shell" 2>/dev/null; fi
    [ "$pause" = 0 ] || sleep "$pause"
  done
  if [ "${3-}" = again ] && [ "$holder" = "$2" ]; then picluster_frame busy "$(picluster_lock_users "$1")"
  else picluster_frame locked "$holder"
  fi
  exit 1
}

# picluster_lock_users PATH: processes that inherited the lock, as "apt-get (123) dpkg (456)"; shells are left out, they wait for the others.
picluster_lock_users() {
  for process in /proc/[0-9]*; do
    [ "$process/fd/9" -ef "$1" ] || continue
    { read -r name <"$process/comm"; } 2>/dev/null || continue
    case $name in sh | dash | bash | busybox | setsid) ;; *) printf '%s (%s) ' "$name" "${process#/proc/}" ;; esac
  done
}
