import { isIP } from 'node:net';
import { z } from 'zod';
import { deletion } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { blockScript, type Markers, parseBlock, probeBlocks } from './marked-block.ts';
import { absolutePath, presence } from './schemas.ts';
import { unifiedDiff } from './unified-diff.ts';

const PREFIX = '# picluster: ';

const entry = z.strictObject({
  address: z.string().refine((address) => isIP(address) !== 0, 'an IP address'),
  names: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'a host name')).min(1),
});

const schema = z.strictObject({
  entries: z.array(entry).default([]).describe('All entries of the block: `{address, names}`'),
  state: presence,
  path: absolutePath.default('/etc/hosts').describe('The file'),
});

type Spec = z.output<typeof schema>;

export const hostsEntries = defineKind({
  name: 'hosts-entries',
  summary: 'Names for addresses: a block of our own between two markers in /etc/hosts; what stands around it is left alone.',
  absent: 'the block goes, what stands around it stays',
  schema,
  id: (spec) => spec.path,

  probe: (specs) => probeBlocks(specs.map(markersOf)),
  parse: parseBlock,

  diff(spec, state): Change | undefined {
    const refused = state.markers === 'damaged' ? { note: 'its markers are damaged: will be refused' } : {};
    if (spec.state === 'absent') return state.markers === 'none' ? undefined : deletion('block', refused);
    if (state.markers === 'whole' && state.block === blockOf(spec)) return undefined;
    const diff = unifiedDiff(state.block, blockOf(spec), spec.path);
    const action = state.markers === 'none' ? 'create' : 'update';
    return { action, fields: [{ field: 'entries', after: String(spec.entries.length) }], diff, ...refused };
  },

  apply: (spec, state) => ({
    script: blockScript(markersOf(spec), state, spec.state === 'absent' ? undefined : blockOf(spec), { createMode: 0o644 }),
  }),
  fingerprint: (spec) => `${spec.state} ${blockOf(spec)}`,
});

const blockOf = ({ entries }: Spec): string => entries.map(({ address, names }) => `${address}\t${names.join(' ')}\n`).join('');

const markersOf = ({ path }: Spec): Markers => ({ path, begin: `${PREFIX}begin`, end: `${PREFIX}end`, prefix: PREFIX });
