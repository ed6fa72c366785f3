import { z } from 'zod';
import { joinScripts, sh } from '#src/shell/script.ts';
import { changeOf, deletion, differences } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { presence } from './schemas.ts';
import { accountName, accountTools } from './user.ts';

const schema = z.strictObject({
  name: accountName.describe('Its name'),
  state: presence,
  gid: z.int().min(0).optional().describe('Its number; default: the next that is free'),
  system: z.boolean().default(false).describe('A number from the range for the system. Only when it is made.'),
});

interface State {
  exists: boolean;
  gid: string;
}

export const group = defineKind({
  name: 'group',
  summary: "A local group. Its members are the users' business.",
  absent: 'removed; refused by the system while it is the primary group of a user',
  schema,
  comesWithOthers: true,
  id: (spec) => spec.name,

  probe: (specs) => sh`
    awk -F: -v names=${specs.map((spec) => spec.name).join(' ')} '
      { gid[$1] = $3 }
      END {
        count = split(names, wanted, " ")
        for (i = 1; i <= count; i++) {
          name = wanted[i]
          if (name in gid) printf "yes\037%s\037\036", gid[name]; else printf "no\037\037\036"
        }
      }' /etc/group`,
  parse: ([exists, gid = '']): State => ({ exists: exists === 'yes', gid }),

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') return state.exists ? deletion(`gid ${state.gid}`) : undefined;
    const fields = differences(spec.gid === undefined ? {} : { gid: [state.gid || undefined, spec.gid] });
    if (state.exists) return changeOf('update', fields);
    return { action: 'create', fields: fields.length > 0 ? fields : [{ field: 'group', after: spec.name }] };
  },

  apply({ name, state: wanted, gid, system }, state) {
    const number = gid === undefined ? [] : ['--gid', gid];
    const set = state.exists ? sh`groupmod ${number} ${name}` : sh`groupadd ${system && '--system'} ${number} ${name}`;
    return { script: joinScripts([accountTools, wanted === 'absent' ? sh`groupdel ${name}` : set]) };
  },

  fingerprint: (spec) => JSON.stringify([spec.state, spec.gid]),
});
