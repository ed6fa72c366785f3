import { z } from 'zod';
import { sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { defineKind } from './kind.ts';

const FILE = '/etc/hostname';

const schema = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, 'a host name')
    .describe('With or without a domain'),
});

interface State {
  live: string;
  saved: string;
}

export const hostname = defineKind({
  name: 'hostname',
  summary: "The machine's own name, now and after a reboot.",
  schema,
  id: () => 'hostname',

  probe: (specs) => sh`
    saved=
    [ ! -r ${FILE} ] || read -r saved <${FILE}
    for wanted in ${specs.map((spec) => spec.name)}; do record "$(uname -n)" "$saved"; done`,
  parse: ([live = '', saved = '']): State => ({ live, saved }),
  diff: (spec, state) =>
    changeOf('update', differences({ live: [state.live, spec.name], saved: [state.saved || undefined, spec.name] })),

  apply: ({ name }) => ({
    script: sh`
      printf '%s\n' ${name} | place ${FILE} 644 root root
      if command -v hostname >/dev/null 2>&1; then hostname ${name}; else printf '%s\n' ${name} >/proc/sys/kernel/hostname; fi`,
  }),
  fingerprint: (spec) => spec.name,
});
