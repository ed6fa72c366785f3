import { joinScripts, type Script, sh } from '#src/shell/script.ts';

/** What can lie behind a failed step, as far as the machine's own words say it. */
export type Suspicion = { cause: 'full' | 'read-only'; paths: readonly string[] } | { cause: 'dns'; name: string };

/** Where something lies: one line of df and /proc/mounts. */
export interface FileSystem {
  readonly mountPoint: string;
  readonly type: string;
  readonly totalKib: number;
  readonly freeKib: number;
  /** Undefined where there is no such limit, or df does not tell. */
  readonly freeInodes: number | undefined;
  readonly isReadOnly: boolean;
}

export interface Diagnosis {
  /** What failed, in half a sentence. */
  readonly what: string;
  readonly hint: string;
}

const STORAGE_SIGNS = [
  { cause: 'full', sign: /No space left on device|Disk quota exceeded|have enough free space/ },
  { cause: 'read-only', sign: /Read-only file ?system/i },
] as const;
/** Where things are written that name no path themselves. */
const USUAL_PLACES = ['/', '/var', '/tmp'];
/** apt, curl, GNU wget, busybox wget, and their proxies' names. */
const NO_SUCH_NAME =
  /(?:Temporary failure resolving|Could not resolve(?: host| proxy)?:?|unable to resolve host address|bad address) ['"‘“]?([\w.-]+)/;
const AGAIN = 'then run again: what is done already is skipped';

/** Pure. `paths` is what the step itself is about; paths in the machine's words come before. Of several causes the first is told. */
export function suspect(output: string, paths: readonly string[]): Suspicion | undefined {
  const name = NO_SUCH_NAME.exec(output)?.[1];
  for (const { cause, sign } of STORAGE_SIGNS) {
    const lines = output.split('\n').filter((line) => sign.test(line));
    if (lines.length === 0) continue;
    const named = lines.flatMap((line) => [...line.matchAll(/(?:^|[\s'"‘“(])(\/[^\s:'"’”,)]+)/g)].map(([, path = '']) => path));
    return { cause, paths: [...new Set([...named, ...paths])] };
  }
  return name === undefined ? undefined : { cause: 'dns', name };
}

/** One record about the file system that each path lies on, or would; then for the usual places. Changes nothing. */
export const storageScript = (paths: readonly string[]): Script =>
  joinScripts([
    sh`
      storage() {
        at=$1
        while [ ! -e "$at" ]; do at=\${at%/*}; [ -n "$at" ] || at=/; done
        space=$(df -Pk "$at" | tail -n 1)
        inodes=$(df -Pi "$at" 2>/dev/null | tail -n 1)
        mounted=$(printf '%s\n' "$space" | sed 's/^[^ ]* *[0-9]* *[0-9]* *[0-9-]* *[0-9-]*%* *//')
        record "$space" "$inodes" "$(awk -v at="$mounted" '$2 == at { line = $0 } END { print line }' /proc/mounts)"
      }`,
    sh`for path in ${[...paths, ...USUAL_PLACES]}; do storage "$path"; done`,
  ]);

export function parseStorage(records: readonly (readonly string[])[]): FileSystem[] {
  return records.flatMap(([space = '', inodes = '', mount = '']) => {
    const [, total, free, mountPoint] = /^.*?\s+(\d+)\s+\d+\s+(\d+)\s+\S+\s+(\/.*)$/.exec(space) ?? [];
    if (mountPoint === undefined) return [];
    const [, allInodes, freeInodes] = /^.*?\s+(\d+)\s+\d+\s+(\d+)\s+\S+\s+\/.*$/.exec(inodes) ?? [];
    const [, , type = 'unknown', options = ''] = mount.split(' ');
    return {
      mountPoint,
      type,
      totalKib: Number(total),
      freeKib: Number(free),
      freeInodes: Number(allInodes) > 0 ? Number(freeInodes) : undefined,
      isReadOnly: options.split(',').includes('ro'),
    };
  });
}

/** Pure. `systems` are those of the suspicion's paths, in order, then those of the usual places. Undefined: they do not explain it. */
export function diagnose(suspicion: Suspicion, host: string, systems: readonly FileSystem[]): Diagnosis | undefined {
  if (suspicion.cause === 'dns')
    return {
      what: `the name ${suspicion.name} cannot be resolved: DNS does not work on ${host}`,
      hint: `look there at /etc/resolv.conf, and try: getent hosts ${suspicion.name}; ${AGAIN}`,
    };
  const { cause, paths } = suspicion;
  const named = systems.slice(0, paths.length);
  if (cause === 'read-only') {
    const found = [...named, ...systems].find(({ isReadOnly }) => isReadOnly);
    return found && readOnly(found, host);
  }
  // A file that was too large is gone again: so what is free now may be more than nothing.
  const writable = [named, systems].map((some) => some.filter(({ isReadOnly }) => !isReadOnly));
  const found = writable.flatMap((some) => some.find(isFull) ?? some[0] ?? [])[0];
  return found && full(found, host);
}

const isFull = ({ freeKib, freeInodes }: FileSystem): boolean => freeKib === 0 || freeInodes === 0;

const readOnly = ({ mountPoint, type }: FileSystem, host: string): Diagnosis => ({
  what: `${mountPoint} (${type}) on ${host} is mounted read-only`,
  hint: `the kernel does so when a disk fails: look with dmesg; if the disk is sound: mount -o remount,rw ${mountPoint}; ${AGAIN}`,
});

const full = (system: FileSystem, host: string): Diagnosis => ({
  what: `no space left on ${system.mountPoint} (${system.type}) of ${host}: ${spaceOf(system)}`,
  hint: `make room there (largest first: du -xak ${system.mountPoint} | sort -rn | head), or mount something larger; ${AGAIN}`,
});

function spaceOf({ freeKib, totalKib, freeInodes }: FileSystem): string {
  if (freeInodes === 0) return `no inodes are free (${size(freeKib)} are)`;
  return `${size(freeKib)} of ${size(totalKib)} are free${freeKib === 0 ? '' : ', which is too little'}`;
}

const size = (kib: number): string => (kib < 1024 ? `${kib} KiB` : `${(kib / 1024).toFixed(1)} MiB`);
