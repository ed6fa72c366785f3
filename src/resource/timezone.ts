import { z } from 'zod';
import { sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { defineKind } from './kind.ts';

const ZONES = '/usr/share/zoneinfo';

const schema = z.strictObject({
  zone: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/, 'a time zone')
    .describe('A name of the time zone database: `Europe/Madrid`.'),
});

interface State {
  zone: string;
  /** What /etc/timezone says, where a distribution has it; undefined without the file. */
  named: string | undefined;
}

export const timezone = defineKind({
  name: 'timezone',
  summary: "The machine's time zone.",
  schema,
  id: () => 'timezone',

  probe: (specs) => sh`
    named= has=no
    if [ -f /etc/timezone ]; then has=yes; read -r named </etc/timezone; fi
    for zone in ${specs.map((spec) => spec.zone)}; do record "$(readlink /etc/localtime)" "$has" "$named"; done`,
  parse: ([link = '', hasFile, named = '']): State => ({
    zone: link.replace(/^.*\/zoneinfo\//, '') || 'UTC',
    named: hasFile === 'yes' ? named : undefined,
  }),
  diff: (spec, state) =>
    changeOf(
      'update',
      differences({
        zone: [short(state.zone), short(spec.zone)],
        ...(state.named === undefined ? {} : { '/etc/timezone': [short(state.named), short(spec.zone)] }),
      }),
    ),

  apply: ({ zone }, state) => ({
    script: sh`
      if [ ! -f ${`${ZONES}/${zone}`} ]; then
        echo ${`there is no time zone ${zone} here: is its name right, and the package tzdata installed?`} >&2
        exit 1
      fi
      ln -sf ${`${ZONES}/${zone}`} /etc/.picluster.localtime
      rename_over /etc/.picluster.localtime /etc/localtime
      ${state.named === undefined ? undefined : sh`printf '%s\n' ${zone} | place /etc/timezone 644 root root`}`,
  }),
  fingerprint: (spec) => spec.zone,
});

/** UTC has several names. */
const short = (zone: string): string => (/^(?:Etc\/)?(?:UTC|UCT|Universal|Zulu)$/.test(zone) ? 'UTC' : zone);
