import { z } from 'zod';
import { joinScripts, sh } from '#src/shell/script.ts';
import { scheduleMistake } from './cron-schedule.ts';
import { file } from './file.ts';
import { defineKind } from './kind.ts';
import { oneLine, presence } from './schemas.ts';
import { accountName } from './user.ts';

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/, "a file's name that cron reads: letters, digits, _ and -")
      .describe('The file in /etc/cron.d'),
    state: presence,
    schedule: oneLine
      .transform((text) => text.trim().replaceAll(/\s+/g, ' '))
      .superRefine((text, { addIssue }) => {
        const message = scheduleMistake(text);
        if (message) addIssue({ code: 'custom', message });
      })
      .optional()
      .describe('Minute, hour, day of the month, month, day of the week; or `@daily`, `@reboot`, ...'),
    user: accountName.default('root').describe('As whom it runs'),
    command: oneLine.min(1).optional().describe('For `/bin/sh`. A `%` is taken as it is'),
    env: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/, 'the name of a variable'), oneLine)
      .default({})
      .describe('Variables of the job: `MAILTO`, `PATH`'),
  })
  .refine((spec) => spec.state === 'absent' || (spec.schedule !== undefined && spec.command !== undefined), {
    error: 'a cron job needs a schedule and a command',
  });

type Spec = z.output<typeof schema>;

const { kind } = file;

export const cron = defineKind({
  name: 'cron',
  summary: "A job of cron in a file of its own. For a cron that reads /etc/cron.d: Debian's, cronie; not busybox's.",
  absent: 'the file is removed',
  schema,
  id: (spec) => spec.name,
  probe: (specs, facts) => kind.probe(specs.map(fileOf), facts),
  parse: kind.parse,
  diff: (spec, state, facts) => kind.diff(fileOf(spec), state, facts),
  detail: (specs) => kind.detail?.(specs.map(fileOf)) ?? sh`:`,
  explain: (spec, oldText) => kind.explain?.(fileOf(spec), oldText) ?? '',
  apply(spec, state, facts) {
    const apply = kind.apply(fileOf(spec), state, facts);
    const check = sh`if [ ! -d /etc/cron.d ]; then echo 'there is no /etc/cron.d: install a cron that reads it (package cron)' >&2; exit 1; fi`;
    return spec.state === 'absent' ? apply : { ...apply, script: joinScripts([check, apply.script]) };
  },
  fingerprint: (spec) => kind.fingerprint(fileOf(spec)),
});

const fileOf = (spec: Spec) =>
  file({ path: `/etc/cron.d/${spec.name}`, state: spec.state, content: contentOf(spec), mode: 0o644 }).spec;

/** cron takes an unquoted `%` for the end of the line, and reads no last line without a newline. */
function contentOf({ schedule, user, command = '', env }: Spec): string {
  const variables = Object.entries(env).map(
    ([name, value]) => `${name}=${/[\s#'"]/.test(value) || value === '' ? `"${value}"` : value}\n`,
  );
  return ['# Written by picluster.\n', ...variables, `${schedule} ${user} ${command.replaceAll('%', '\\%')}\n`].join('');
}
