# Helpers that every probe and apply script may use. POSIX; runs under dash, bash and busybox sh.

# record FIELD...: one record for the engine; fields end with US (037), the record with RS (036).
record() {
  for field in "$@"; do printf '%s\037' "$field"; done
  printf '\036'
}

# mode_owner PATH: "644 root root" or nothing.
mode_owner() { stat -c '%a %U %G' "$1" 2>/dev/null; }

# sum PATH: sha256 of a regular file, or nothing.
sum() { [ -f "$1" ] && sha256sum <"$1" 2>/dev/null | cut -d' ' -f1; }

# Checksums of large files that we verified when they came, with what stat(1) said then: one line each. The change time (ctime) is the
# kernel's, so a file that was written since does not match. They lie in /var/lib/picluster/sums; $known_sums_file is for tests.

# sum_key PATH...: what must be unchanged for a remembered checksum to hold.
sum_key() { stat -c '%d.%i.%s.%y.%z|%n' -- "$@" 2>/dev/null; }

# known_sums PATH...: "kSHA256  PATH" for each whose remembered checksum still holds.
known_sums() {
  sums=${known_sums_file:-/var/lib/picluster/sums}
  [ -f "$sums" ] || return 0
  sum_key "$@" | awk -v file="$sums" '
    BEGIN { while ((getline line <file) > 0) sums[substr(line, 66)] = substr(line, 1, 64) }
    $0 in sums { print "k" sums[$0] "  " substr($0, index($0, "|") + 1) }'
}

# remember_sum PATH SHA256: after the file was verified and is in its place.
remember_sum() (
  sums=${known_sums_file:-/var/lib/picluster/sums}
  mkdir -p -m 0700 "${sums%/*}"
  { [ ! -f "$sums" ] || grep -vF "|$1" "$sums" || true; printf '%s %s\n' "$2" "$(sum_key "$1")"; } >"$sums.new"
  mv -f "$sums.new" "$sums"
)

# file_states PATH...: per path a record: type, mode, user, group, uid, gid, sha256 of a regular file. Symlinks are not followed.
# One stat, one sha256sum, one awk for all. A path holds no newline and no backslash.
file_states() {
  known=$(known_sums "$@")
  {
    printf 'p%s\n' "$@"
    stat -c 's%F|%a|%U|%G|%u|%g|%n' -- "$@" 2>/dev/null
    [ -z "$known" ] || printf '%s\n' "$known"
    count=$#
    for path; do
      if [ -f "$path" ] && [ ! -L "$path" ]; then
        case "$known
" in *"  $path
"*) ;; *) set -- "$@" "$path" ;; esac
      fi
    done
    shift "$count"
    [ $# -eq 0 ] || sha256sum -- "$@" 2>/dev/null
  } | awk '
    /^p/ { order[++n] = substr($0, 2); next }
    /^k/ { sums[substr($0, 68)] = substr($0, 2, 64); next }
    /^s/ { at = index($0, "|/"); state[substr($0, at + 1)] = substr($0, 2, at - 2); next }
    { sums[substr($0, 67)] = substr($0, 1, 64) }
    END {
      for (i = 1; i <= n; i++) {
        fields = state[order[i]]
        gsub(/[|]/, "\037", fields)
        printf "%s\037%s\037\036", (fields == "" ? "\037\037\037\037\037" : fields), sums[order[i]]
      }
    }'
}

# rename_over FROM TO: in one step; a symlink at TO is replaced, never followed.
rename_over() {
  if [ -L "$2" ] && [ -d "$2" ] && ! mv -fT "$1" "$2" 2>/dev/null; then rm -f "$2"; fi
  [ ! -e "$1" ] && [ ! -L "$1" ] || mv -f "$1" "$2"
}

# place PATH MODE OWNER GROUP [CHECK]: standard input becomes the file, written aside and renamed, never half-written, never too open.
# CHECK, a function, is given the candidate's path; when it fails, the file stays as it was.
place() {
  place_dir=${1%/*} place_base=${1##*/}
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    echo "$1 is a directory: it is not replaced by a file" >&2
    return 1
  fi
  rm -f "$place_dir/.picluster.$place_base."?????? # left behind by a run that was killed
  place_tmp=$(mktemp "$place_dir/.picluster.$place_base.XXXXXX") || return 1
  if cat >"$place_tmp" && chown "$3:$4" "$place_tmp" && chmod "$2" "$place_tmp" &&
    { sync "$place_tmp" 2>/dev/null || sync; } && { [ -z "${5-}" ] || "$5" "$place_tmp"; } && rename_over "$place_tmp" "$1"; then
    return 0
  fi
  rm -f "$place_tmp"
  return 1
}

# set_keyed_line FILE KEY [LINE]: in a file of ours with one line per key, sorted, the key's line becomes LINE, or goes.
# A line belongs to the key when it is the key alone or goes on with a space.
set_keyed_line() {
  [ -d "${1%/*}" ] || mkdir -p "${1%/*}"
  {
    if [ -r "$1" ]; then
      while IFS= read -r line || [ -n "$line" ]; do
        case $line in '' | '#'* | "$2" | "$2 "*) ;; *) printf '%s\n' "$line" ;; esac
      done <"$1"
    fi
    [ $# -lt 3 ] || printf '%s\n' "$3"
  } | LC_ALL=C sort | { printf '# Written by picluster.\n' && cat; } | place "$1" 644 root root
}

# keyed_line FILE KEY: prints the key's line, without a newline.
keyed_line() {
  [ -r "$1" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in "$2" | "$2 "*) printf '%s' "$line" ;; esac
  done <"$1"
}
