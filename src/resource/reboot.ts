import { z } from 'zod';
import { sh } from '#src/shell/script.ts';
import { type Change, defineKind } from './kind.ts';
import { stampPath } from './stamp.ts';

const schema = z.strictObject({
  host: z.string().describe("For people: the host's name"),
  loses: z
    .string()
    .optional()
    .describe("What is away meanwhile, if that needs a person's word: `the Kubernetes API, as there is no other server`"),
  inputs: z.string().optional().describe('SHA-256 (hex) of what it is needed for: put in by the engine, from `restartOn`'),
});

export type RebootSpec = z.output<typeof schema>;

export interface RebootState {
  bootId: string;
  /** The boot in which something asked for a reboot last; empty: never. */
  asked: string;
  /** An interrupted reboot left the Node cordoned. */
  isCordoned: boolean;
}

const ASKED = stampPath('reboot');
const CORDONED = stampPath('cordoned');

/**
 * The machine runs a boot younger than what its `restartOn` steps changed. They leave a stamp with the id of the boot that runs before they
 * change anything; a boot with another id has seen the change, whoever began it. The engine does the rest: cordon, drain, wait, uncordon.
 */
export const reboot = defineKind({
  name: 'reboot',
  summary: 'A boot that is younger than what the `restartOn` steps changed: the machine is rebooted when it is not.',
  schema,
  disturbs: true,
  isSensitive: true,
  reboots: true,
  id: () => 'machine',
  probe: (specs) => sh`
    for spec in ${specs.map(({ host }) => host)}; do
      read -r boot_id </proc/sys/kernel/random/boot_id
      asked=
      [ ! -r ${ASKED} ] || read -r asked <${ASKED}
      record "$boot_id" "$asked" "$([ ! -e ${CORDONED} ] || echo yes)"
    done`,
  parse: ([bootId = '', asked = '', isCordoned = '']): RebootState => ({ bootId, asked, isCordoned: isCordoned === 'yes' }),
  diff(spec, state): Change | undefined {
    if (isDue(state)) return rebootChange(spec);
    if (!state.isCordoned) return undefined;
    return { action: 'run', fields: [{ field: 'cordon', before: 'left by an interrupted reboot', after: 'lifted' }] };
  },
  restart: (spec) => rebootChange(spec),
  forget: () => sh`
    (umask 077; mkdir -p ${ASKED.replace(/\/[^/]+$/, '')})
    place ${ASKED} 600 root root </proc/sys/kernel/random/boot_id`,
  // In the background, and without the lock: the request ends before the machine does.
  apply: () => ({ script: sh`sync; (sleep 1; exec reboot) </dev/null >/dev/null 2>&1 9>&- &` }),
  fingerprint: () => '',
});

/** Still in the boot that was to be left? */
export const isDue = ({ asked, bootId }: RebootState): boolean => asked !== '' && asked === bootId;

/** Remembers on the machine that the cordon is ours, or forgets it. */
export const markCordoned = (isCordoned: boolean) =>
  isCordoned ? sh`(umask 077; mkdir -p ${CORDONED.replace(/\/[^/]+$/, '')}; : >${CORDONED})` : sh`rm -f ${CORDONED}`;

function rebootChange({ host, loses }: RebootSpec): Change {
  return {
    action: 'restart',
    fields: [{ field: 'machine', before: 'as it was booted', after: 'rebooted' }],
    note: `reboots ${host}`,
    ...(loses ? { destructive: `${loses} is away while ${host} boots` } : {}),
  };
}
