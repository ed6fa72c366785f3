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

# place PATH MODE OWNER GROUP: standard input becomes the file, written aside and renamed, never half-written, never too open.
place() {
  place_tmp=$(mktemp "$(dirname "$1")/.picluster.XXXXXX") || return 1
  if cat >"$place_tmp" && chmod "$2" "$place_tmp" && chown "$3:$4" "$place_tmp" && sync "$place_tmp" 2>/dev/null && mv -f "$place_tmp" "$1"; then
    return 0
  fi
  rm -f "$place_tmp"
  return 1
}
