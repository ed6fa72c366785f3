import { z } from 'zod';
import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { type Change, defineKind, type FieldChange } from './kind.ts';
import { isBind, liveDifferences, sameOptions } from './mount-options.ts';
import { MOUNT_HELPERS, mountScript, unmountScript } from './mount-script.ts';
import { absolutePath, oneLine, presence } from './schemas.ts';

const schema = z
  .strictObject({
    path: absolutePath.describe('The mount point; made when it is not there'),
    state: presence,
    source: oneLine
      .regex(/^[^\\]+$/)
      .optional()
      .describe('A device, `UUID=...`, `LABEL=...`, `host:/path`, a directory to bind, or `tmpfs`'),
    type: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]*$/i, 'a file system type')
      .default('auto')
      .describe('As in fstab: `ext4`, `nfs`, `tmpfs`; `none` for a bind mount'),
    options: z
      .array(z.string().regex(/^[^\s,\\\p{Cc}]+$/u, 'one mount option'))
      .default([])
      .describe('As in fstab, one an entry'),
    pass: z.int().min(0).max(2).default(0).describe('Order of file system checks at boot; 0: none'),
    mounted: z
      .boolean()
      .optional()
      .describe(
        'false: only the line in fstab, what is mounted now is left alone. Default true, but false with the option `noauto`',
      ),
  })
  .refine((spec) => spec.state === 'absent' || spec.source !== undefined, { path: ['source'], error: 'a mount needs a source' })
  .refine((spec) => spec.type !== 'swap', { path: ['type'], error: 'swap is not mounted' })
  .refine((spec) => !spec.options.some((option) => /^pass(?:word)?=/.test(option)), {
    path: ['options'],
    error: 'everybody reads fstab: put the password into a file and name it with credentials=',
  })
  .transform((spec) => ({ ...spec, mounted: spec.mounted ?? !spec.options.includes('noauto') }));

export type MountSpec = z.output<typeof schema>;

interface State {
  /** Lines of fstab for this mount point, with single blanks. */
  lines: string[];
  /** What is mounted there; undefined: nothing. */
  live: { source: string; type: string; options: string[]; isSource: boolean } | undefined;
  isEmpty: boolean;
}

export const mount = defineKind({
  name: 'mount',
  summary: 'A file system at a mount point: now, and in fstab for the next boot. Never makes a file system.',
  absent: 'unmounted, and its line in fstab removed; who holds a busy one is named. The directory stays',
  schema,
  id: (spec) => spec.path,

  probe: (specs) =>
    joinScripts([
      rawScript(MOUNT_HELPERS),
      sh`
        mount_state() {
          live=$(live_mount "$1") same=no empty=yes
          if [ -n "$live" ] && same_source "$2" "\${live%%$(printf '\037')*}" "$1" "$3"; then same=yes; fi
          if [ -d "$1" ] && [ -n "$(ls -A "$1" 2>/dev/null)" ]; then empty=no; fi
          record "$(fstab_lines "$1" text /etc/fstab)" "$same" "$empty" "$live"
        }`,
      ...specs.map((spec) => sh`mount_state ${spec.path} ${spec.source ?? ''} ${isBind(spec.options) ? 'bind' : spec.type}`),
    ]),
  parse: ([lines = '', isSource, isEmpty, source = '', type, options = '']): State => ({
    lines: lines.split('\n').filter(Boolean),
    live: type ? { source, type, options: options.split(','), isSource: isSource === 'yes' } : undefined,
    isEmpty: isEmpty === 'yes',
  }),

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') return absence(state);
    const { mount: mounts, unmount } = todo(spec, state);
    const fields = [...fstabDifference(spec, state), ...liveDifference(spec, state)];
    return changeOf(state.lines.length === 0 && !state.live ? 'create' : 'update', fields, {
      ...(unmount ? { destructive: `unmounts ${state.live?.source}` } : {}),
      ...(mounts && !state.live && !state.isEmpty ? { note: `hides what is in ${spec.path} now` } : {}),
    });
  },

  apply: (spec, state) => ({
    script: spec.state === 'absent' ? unmountScript(spec) : mountScript(spec, lineOf(spec), todo(spec, state)),
  }),
  fingerprint: (spec) => `${spec.state} ${lineOf(spec)} ${spec.mounted}`,
});

function absence({ lines, live }: State): Change | undefined {
  const fields = differences({ mounted: [live?.source, undefined], fstab: [lines.join('\n') || undefined, undefined] });
  return changeOf('delete', fields, live ? { destructive: `unmounts ${live.source}` } : {});
}

function todo(spec: MountSpec, { live }: State): { unmount: boolean; mount: boolean; remount: boolean } {
  if (!spec.mounted || isWaiting(spec, live)) return { unmount: false, mount: false, remount: false };
  const isRight = live?.isSource === true && isType(spec.type, live.type);
  return {
    unmount: live !== undefined && !isRight,
    mount: !isRight,
    remount: isRight && liveDifferences(spec.options, live.options).length > 0,
  };
}

/** systemd mounts it when somebody looks. */
const isWaiting = (spec: MountSpec, live: State['live']): boolean =>
  live?.type === 'autofs' && spec.options.includes('x-systemd.automount');

/** The kernel has names of its own for some: nfs is nfs4, and what runs in user space is fuse. */
const isType = (wanted: string, live: string): boolean =>
  ['auto', 'none', live].includes(wanted) || live.startsWith('fuse') || (wanted === 'nfs' && live === 'nfs4');

function liveDifference(spec: MountSpec, state: State): FieldChange[] {
  const { mount: mounts, remount } = todo(spec, state);
  const { live } = state;
  if (mounts) return [{ field: 'mounted', before: live && `${live.source} (${live.type})`, after: spec.source }];
  if (!remount) return [];
  const pairs = liveDifferences(spec.options, live?.options ?? []);
  return [{ field: 'options', before: pairs.map(([one]) => one).join(), after: pairs.map(([, other]) => other).join() }];
}

function fstabDifference(spec: MountSpec, { lines }: State): FieldChange[] {
  const [source, , type, options = '', dump, pass] = lines[0]?.split(' ') ?? [];
  const [wantedSource, , wantedType, , wantedDump, wantedPass] = lineOf(spec).split(' ');
  const isSame =
    lines.length === 1 &&
    [source, type, dump, pass].join(' ') === [wantedSource, wantedType, wantedDump, wantedPass].join(' ') &&
    sameOptions(options.split(','), spec.options);
  return isSame ? [] : [{ field: 'fstab', before: lines.join('\n') || undefined, after: lineOf(spec) }];
}

/** Source: fstab(5). */
const lineOf = ({ source = '', path, type, options, pass }: MountSpec): string =>
  [source, path]
    .map((word) => word.replaceAll(' ', '\\040'))
    .concat(type, options.join(',') || 'defaults', '0', String(pass))
    .join(' ');
