import { z } from 'zod';
import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import { archiveRemoval, archiveScripts, CONTENTS } from './archive-script.ts';
import { changeOf, deletion } from './changes.ts';
import { artifactSource, shortSum } from './fetch.ts';
import { type Change, defineKind, type FieldChange } from './kind.ts';
import { absolutePath, ownerName, presence } from './schemas.ts';

const FORMATS = ['tar', 'tar.gz', 'tar.bz2', 'tar.xz', 'zip'] as const;

/** Endings of names; the first that fits counts. */
const ENDINGS: readonly (readonly [RegExp, (typeof FORMATS)[number]])[] = [
  [/\.(?:tar\.gz|tgz)$/, 'tar.gz'],
  [/\.(?:tar\.xz|txz)$/, 'tar.xz'],
  [/\.(?:tar\.bz2|tbz2?)$/, 'tar.bz2'],
  [/\.tar$/, 'tar'],
  [/\.zip$/, 'zip'],
];

const formatOf = (name: string) => ENDINGS.find(([ending]) => ending.test(name))?.[1];

const schema = z
  .strictObject({
    path: absolutePath.describe('The directory that holds what was in the archive, and nothing else'),
    state: presence,
    source: artifactSource.optional().describe('URLs, SHA-256 and name of the archive'),
    format: z.enum(FORMATS).optional().describe("When the source's name does not end with it"),
    stripComponents: z.int().min(0).max(9).default(0).describe('Leading directories that are left out'),
    owner: ownerName.default('root').describe('Of everything in it, whatever the archive says'),
    group: ownerName.default('root').describe('Of everything in it, too'),
    purge: z.boolean().default(false).describe('Also remove what is at the path and was not unpacked by picluster'),
  })
  .refine((spec) => spec.state === 'absent' || spec.source !== undefined, {
    path: ['source'],
    error: 'an archive needs a source',
  })
  .transform((spec) => ({ ...spec, format: spec.format ?? formatOf(spec.source?.name ?? '') }))
  .refine((spec) => spec.state === 'absent' || spec.format !== undefined, {
    path: ['format'],
    error: `the source's name says none of ${FORMATS.join(', ')}: give the format`,
  });

export type ArchiveSpec = z.output<typeof schema>;

interface State {
  type: 'none' | 'directory' | 'other';
  /** What was unpacked there by us; empty: nothing. */
  stamp: string;
  /** Some of the names there that were not unpacked by us; not asked for when the stamp is right. */
  foreign: string;
}

export const archive = defineKind({
  name: 'archive',
  summary:
    'An archive, known by its checksum, unpacked to a directory of its own: as a whole, by a rename. What is changed in it later is not seen.',
  absent: 'the directory is removed, if there is nothing in it but what was unpacked; else only with `purge`',
  schema,
  bringsOthers: true,
  id: (spec) => spec.path,

  probe: (specs) =>
    joinScripts([
      rawScript(CONTENTS),
      sh`
        archive_state() {
          if [ -L "$1" ] || [ -e "$1" ] && [ ! -d "$1" ]; then record other; return; fi
          if [ ! -d "$1" ]; then record none; return; fi
          stamp=$(stamp_of "$1") foreign=
          if [ -z "$2" ] || [ "$stamp" != "$2" ]; then foreign=$(foreign_in "$1" | head -n 5 | tr -d '\036\037'); fi
          record directory "$stamp" "$foreign"
        }`,
      ...specs.map((spec) => sh`archive_state ${spec.path} ${spec.state === 'present' ? stampOf(spec) : ''}`),
    ]),
  parse: ([type = 'none', stamp = '', foreign = '']): State => ({ type: type as State['type'], stamp, foreign }),

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') {
      if (state.type === 'none' || (state.type === 'directory' && !state.stamp && !state.foreign)) return undefined;
      return deletion(state.stamp ? `archive ${shortSum(state.stamp)}` : state.type, eye(spec, state, true));
    }
    if (state.type === 'directory' && state.stamp === stampOf(spec)) return undefined;
    const fields: FieldChange[] = [
      {
        field: 'archive',
        before: state.stamp ? shortSum(state.stamp) : undefined,
        after: `${spec.source?.name} ${shortSum(spec.source?.sha256 ?? '')}`,
      },
    ];
    return changeOf(state.stamp || state.foreign ? 'update' : 'create', fields, eye(spec, state, false));
  },

  apply(spec) {
    if (spec.state === 'absent') return { script: archiveRemoval(spec) };
    return { ...archiveScripts(spec, stampOf(spec)), timeoutMs: 30 * 60_000 };
  },
  fingerprint: (spec) => (spec.state === 'absent' ? 'absent' : stampOf(spec)),
});

/** What needs a person's eye: what is ours may go with a new version, what is not stays unless asked for. */
function eye({ purge, path }: ArchiveSpec, { type, foreign }: State, isRemoval: boolean): Partial<Change> {
  if (type === 'other') return { note: `${path} is not a directory: will be refused` };
  if (!foreign) return isRemoval ? { destructive: 'with everything in it' } : {};
  const names = foreign.split('\n').join(', ');
  if (purge) return { destructive: `with what was not unpacked by picluster: ${names}` };
  return { note: `holds what was not unpacked by picluster: will be refused (${names})` };
}

/** Everything that changes what lies there. */
const stampOf = ({ source, stripComponents, owner, group }: ArchiveSpec): string =>
  `${source?.sha256} strip=${stripComponents} ${owner}:${group}`;
