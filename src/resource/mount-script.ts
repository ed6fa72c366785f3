import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { editLines } from './edit-lines.ts';
import type { MountSpec } from './mount.ts';
import { isBind, kernelOptions, remountOptions } from './mount-options.ts';

/** Shell functions of probe and apply. Blanks in fstab and /proc are written as \040. */
export const MOUNT_HELPERS = String.raw`
decode='function decode(text) {
  gsub(/\\040/, " ", text); gsub(/\\043/, "#", text); if (text != "/") sub(/\/$/, "", text); return text
}'

# live_mount PATH: "SOURCE TYPE OPTIONS" of what was mounted there last, or nothing.
live_mount() {
  path=$1 awk "$decode"'
    decode($5) == ENVIRON["path"] {
      for (at = 7; $at != "-"; at++);
      found = decode($(at + 2)) "\037" $(at + 1) "\037" $6 "," $(at + 3)
    }
    END { printf "%s", found }' /proc/self/mountinfo
}

# fstab_lines PATH MODE: lines of fstab for a mount point, or (MODE numbers) their numbers.
fstab_lines() {
  [ -r "$3" ] || return 0
  path=$1 mode=$2 awk "$decode"'
    $1 !~ /^#/ && decode($2) == ENVIRON["path"] {
      if (ENVIRON["mode"] == "numbers") print NR
      else print $1, $2, $3, ($4 == "" ? "defaults" : $4), ($5 == "" ? 0 : $5), ($6 == "" ? 0 : $6)
    }' "$3"
}

# device_of SOURCE: the device behind a name: UUID=, LABEL=, a link.
device_of() {
  case $1 in
    UUID=*) by=/dev/disk/by-uuid/${'${1#*=}'} ;;
    PARTUUID=*) by=/dev/disk/by-partuuid/${'${1#*=}'} ;;
    LABEL=* | PARTLABEL=*) by= ;;
    *) by=$1 ;;
  esac
  if [ -n "$by" ] && [ -e "$by" ]; then readlink -f "$by"; return; fi
  case $1 in *=*) findfs "$1" 2>/dev/null ;; *) printf '%s' "$1" ;; esac
}

# same_source WANTED LIVE PATH KIND
same_source() {
  [ "$1" != "$2" ] || return 0
  case $4 in
    bind) [ "$1" -ef "$3" ]; return ;;
    tmpfs) return 0 ;;
  esac
  case $2 in
    /dev/loop*) [ -r "/sys/block/${'${2##*/}'}/loop/backing_file" ] && read -r backing <"/sys/block/${'${2##*/}'}/loop/backing_file" && [ "$backing" = "$1" ] && return 0 ;;
  esac
  [ "$(device_of "$1")" = "$(device_of "$2")" ]
}
`;

const FSTAB = '/etc/fstab';

/** Mounted first, written afterwards: a line whose source is not there keeps a machine from booting. */
export const mountScript = (
  spec: MountSpec,
  line: string,
  todo: { unmount: boolean; mount: boolean; remount: boolean },
): Script =>
  joinScripts([
    rawScript(MOUNT_HELPERS + APPLY_HELPERS),
    sh`path=${spec.path} source=${spec.source ?? ''}`,
    ...(todo.unmount ? [sh`unmount`] : []),
    ...(todo.mount ? [mounting(spec)] : []),
    ...(todo.remount || (todo.mount && isBind(spec.options)) ? [remounting(spec)] : []),
    inFstab(spec.path, line),
    ...(todo.mount ? [sh`path=${spec.path}`, sh`[ -n "$(live_mount "$path")" ] || mount -- "$path"`] : []),
  ]);

export const unmountScript = ({ path }: MountSpec): Script =>
  joinScripts([rawScript(MOUNT_HELPERS + APPLY_HELPERS), sh`path=${path}`, sh`unmount`, inFstab(path, undefined)]);

/** systemd makes units of fstab: it has to read it again, or a later start mounts what was there before. */
const inFstab = (path: string, line: string | undefined): Script =>
  joinScripts([
    sh`if [ -e ${FSTAB} ] || [ -n ${line ?? ''} ]; then (`,
    editLines({ path: FSTAB, createMode: 0o644, replaced: sh`fstab_lines ${path} numbers "$from"`, text: line }),
    sh`
      )
      if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
      fi`,
  ]);

function mounting({ path, type, options }: MountSpec): Script {
  const words = kernelOptions(options);
  return sh`
    mkdir -p ${path}
    if ! mount ${isBind(options) ? [] : ['-t', type]} ${words.length > 0 ? ['-o', words.join(',')] : []} "$source" "$path"; then
      device=$(device_of "$source")
      if [ -b "$device" ] && ! blkid "$device" 2>/dev/null | grep -q TYPE=; then
        echo "$device holds no file system: picluster never makes one, do it with mkfs" >&2
      fi
      exit 1
    fi`;
}

function remounting({ options }: MountSpec): Script {
  const words = remountOptions(options);
  return words.join() === 'bind' ? sh`:` : sh`mount -o ${`remount,${words.join(',')}`} "$path"`;
}

const APPLY_HELPERS = `
# holders: who uses "$path", one a line: processes by what they have open, mounts beneath it.
holders() {
  ls -l /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/exe /proc/[0-9]*/fd/* 2>/dev/null | awk '
    { at = index($0, "/proc/"); arrow = index($0, " -> "); if (!at || !arrow) next }
    {
      to = substr($0, arrow + 4)
      if (to != ENVIRON["path"] && index(to, ENVIRON["path"] "/") != 1) next
      split(substr($0, at), part, "/")
      if (!(part[3] in seen)) { seen[part[3]] = 1; print part[3], to }
    }' | while read -r pid what; do
      name=
      [ ! -r "/proc/$pid/comm" ] || read -r name <"/proc/$pid/comm" || true
      echo "\${name:-a process} (pid $pid) uses $what"
    done
  awk "$decode"'index(decode($5), ENVIRON["path"] "/") == 1 { print decode($5) " is mounted beneath it" }' /proc/self/mountinfo
}

# unmount: all that is mounted at "$path", never by force.
unmount() {
  export path
  tries=0
  while [ -n "$(live_mount "$path")" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 16 ] || { echo "$path: something is mounted there again and again" >&2; return 1; }
    if ! umount "$path"; then
      who=$(holders | head -n 10)
      echo "$path cannot be unmounted: \${who:-nobody is seen to use it; a loop device, a swap file or an NFS export may}" >&2
      return 1
    fi
  done
}
`;
