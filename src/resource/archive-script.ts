import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import type { ArchiveSpec } from './archive.ts';
import { fetching, placeOf } from './fetch.ts';
import type { Apply } from './kind.ts';

/** The stamp's first line is what was unpacked and how, the others all names: so what was added later can be told. */
export const CONTENTS = `
stamp_of() {
  [ ! -f "$1/.picluster-archive" ] || head -n 1 "$1/.picluster-archive"
}

# foreign_in DIRECTORY: what is there and was not unpacked by us, one name a line.
foreign_in() {
  if [ -f "$1/.picluster-archive" ]; then
    (cd "$1" && find .) | awk '
      FNR == NR { ours[$0] = 1; next }
      !($0 in ours) && $0 != "./.picluster-archive" { print substr($0, 3) }' "$1/.picluster-archive" -
  else
    ls -A "$1"
  fi
}
`;

const MAY_GO = `
# may_go: whether what is at "$path" may be taken away; says what hinders it.
may_go() {
  if [ -L "$path" ] || [ -e "$path" ] && [ ! -d "$path" ]; then echo "$path is not a directory: it is left alone" >&2; return 1; fi
  [ -d "$path" ] && [ "$purge" = no ] || return 0
  foreign=$(foreign_in "$path" | head -n 5)
  [ -z "$foreign" ] || { echo "$path holds what was not unpacked by picluster; move it away, or set purge:" "$foreign" >&2; return 1; }
}
`;

const UNPACK = `
# strip DIRECTORY: what is in its directories moves up; its files go.
strip() {
  mkdir "$1.up"
  for outer in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -d "$outer" ] && [ ! -L "$outer" ] || continue
    for inner in "$outer"/* "$outer"/.[!.]* "$outer"/..?*; do
      if [ -e "$inner" ] || [ -L "$inner" ]; then mv "$inner" "$1.up/"; fi
    done
  done
  rm -rf "$1"
  mv "$1.up" "$1"
}

unpack() {
  case $format in
    zip)
      command -v unzip >/dev/null 2>&1 || { echo 'unzip is not installed (package unzip)' >&2; exit 1; }
      unzip -q -o "$file" -d "$new" ;;
    tar) tar -xo -f "$file" -C "$new" ;;
    tar.gz) tar -xoz -f "$file" -C "$new" ;;
    tar.bz2) tar -xoj -f "$file" -C "$new" ;;
    tar.xz) tar -xoJ -f "$file" -C "$new" || { echo 'is the package xz-utils installed?' >&2; exit 1; } ;;
  esac
  while [ "$levels" -gt 0 ]; do strip "$new"; levels=$((levels - 1)); done
  [ -n "$(ls -A "$new")" ] || { echo 'nothing is left of the archive: are stripComponents too many?' >&2; exit 1; }
  chown -hR "$owner" "$new"
  chmod 755 "$new"
  { printf '%s\\n' "$stamp"; (cd "$new" && find .); } >"$new.stamp"
  mv "$new.stamp" "$new/.picluster-archive"
  sync
}

# swap: two renames; a run that is killed between them leaves the old one aside, and the next puts it back.
swap() {
  may_go || exit 1
  if [ -d "$path" ]; then mv "$path" "$old"; fi
  mv "$new" "$path" || { [ ! -d "$old" ] || mv "$old" "$path"; exit 1; }
  rm -rf "$old"
}

set +e
(set -e; rm -rf "$new" "$new.up"; mkdir -m 700 "$new"; unpack; swap)
status=$?
set -e
rm -rf "$new" "$new.up" "$new.stamp" "$file"
[ "$status" -eq 0 ] || exit "$status"
`;

const names = ({ path, purge }: ArchiveSpec): Script => {
  const { directory, base } = placeOf(path);
  const aside = (word: string): string => `${directory}/.picluster.${base}.${word}`;
  return sh`
    path=${path} purge=${purge ? 'yes' : 'no'} new=${aside('new')} old=${aside('old')} file=${aside('archive')}
    mkdir -p ${directory || '/'}
    if [ -d "$old" ]; then
      if [ -e "$path" ]; then rm -rf "$old"; else mv "$old" "$path"; fi
    fi`;
};

/** Fetched, checked, unpacked aside, then renamed: an archive that is cut off changes nothing. */
export function archiveScripts(spec: ArchiveSpec, stamp: string): Pick<Apply, 'script' | 'fallback'> {
  const { source, path, owner, group, stripComponents, format } = spec;
  if (!source) throw new TypeError('an archive needs a source');
  const { directory, base } = placeOf(path);
  const file = `${directory}/.picluster.${base}.archive`;
  const head = joinScripts([rawScript(CONTENTS + MAY_GO), names(spec)]);
  const unpacking = joinScripts([
    sh`owner=${`${owner}:${group}`} levels=${stripComponents} format=${format} stamp=${stamp}`,
    rawScript(UNPACK),
  ]);
  return {
    script: joinScripts([head, sh`may_go || exit 1`, fetching(source, file, unpacking)]),
    fallback: { uploads: [{ source, path: file, mode: 0o600 }], script: joinScripts([head, unpacking]) },
  };
}

/** By a rename first: what is half removed is not taken for whole. */
export const archiveRemoval = (spec: ArchiveSpec): Script =>
  joinScripts([
    rawScript(CONTENTS + MAY_GO),
    names(spec),
    sh`
      may_go || exit 1
      if [ -d "$path" ]; then mv "$path" "$old"; fi
      rm -rf "$old" "$new" "$file"`,
  ]);
