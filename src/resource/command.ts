import { createHash } from 'node:crypto';
import { z } from 'zod';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import { defineKind } from './kind.ts';
import { absolutePath, content, oneLine, script } from './schemas.ts';

const schema = z
  .strictObject({
    title: oneLine.min(1).describe('For people, and its identity on the host.'),
    run: script.describe('The script. Runs as root under `set -eu`'),
    unless: script
      .optional()
      .describe('Read-only; exit status 0 means that there is nothing to do. Asked again afterwards, as verification.'),
    creates: absolutePath.optional().describe('Nothing to do when something is at this path.'),
    stdin: content.optional().describe('Standard input of `run`: the way for secrets.'),
    timeoutSeconds: z.number().positive().default(300).describe('How long it may run'),
    destructive: oneLine.optional().describe("Said in the plan where it needs a person's eye: `takes effect after a reboot`."),
  })
  .refine((spec) => (spec.unless === undefined) !== (spec.creates === undefined), {
    error: 'a command needs either unless or creates: how else could it be known that it is done?',
  });

type Spec = z.output<typeof schema>;

interface State {
  isDone: boolean;
  /** What `unless` printed, for people. */
  said: string;
}

export const command = defineKind({
  name: 'command',
  summary: 'The way out when no kind fits: a script, and how to see that it need not run.',
  schema,
  disturbs: true,
  isSensitive: true,
  id: (spec) => spec.title,
  probe: (specs) => joinScripts(specs.map(question)),
  parse: ([status, said = '']): State => ({ isDone: status === '0', said: said.trim() }),

  diff(spec, state) {
    if (state.isDone) return undefined;
    const before = spec.creates ? undefined : state.said || 'no';
    const fields = [{ field: spec.creates ?? 'done', before, after: spec.creates ? 'there' : 'yes' }];
    return { action: 'run', fields, ...(spec.destructive ? { destructive: spec.destructive } : {}) };
  },

  apply: (spec) => ({ script: spec.run, stdin: spec.stdin, timeoutMs: spec.timeoutSeconds * 1000 }),
  fingerprint: (spec) => createHash('sha256').update(spec.run.text).digest('hex'),
});

/** In a subshell: it may exit, set and change directory as it likes. What it prints is cut, and may hold no separators. */
function question({ unless, creates }: Spec): Script {
  if (creates) return sh`if [ -e ${creates} ]; then record 0 ''; else record 1 ''; fi`;
  return sh`
    said=$( (
    ${unless}
    ) </dev/null 2>&1)
    record "$?" "$(printf '%.300s' "$said" | tr -d '\036\037')"`;
}
