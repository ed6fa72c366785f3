import { z } from 'zod';
import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import { joinScripts, sh } from '#src/shell/script.ts';
import { apk } from './apk.ts';
import { apt } from './apt.ts';
import { changeOf, differences } from './changes.ts';
import { defineKind } from './kind.ts';
import type { PackageManager, PackageStates } from './package-manager.ts';
import { presence } from './schemas.ts';

const schema = z
  .strictObject({
    names: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9+._-]*(?:=[A-Za-z0-9.+:~_-]+)?$/, 'a package name, or name=version'))
      .min(1)
      .describe(
        'Installed or removed by one call of the package manager: `chrony`, or `chrony=4.3-2` for that version and no other.',
      ),
    state: presence,
    purge: z.boolean().default(false).describe('With `state: absent`: its configuration files go too.'),
    recommends: z.boolean().default(false).describe('Also install what the packages recommend; apk knows no such thing.'),
    lockSeconds: z
      .int()
      .min(0)
      .default(300)
      .describe(
        "How long another process may keep the package manager's lock: unattended upgrades of a fresh machine take minutes",
      ),
  })
  .refine(({ state, names }) => state === 'present' || !names.some((name) => name.includes('=')), {
    path: ['names'],
    error: 'what is to be absent has no version',
  });

type Spec = z.output<typeof schema>;

const MANAGERS: Partial<Record<Facts['packageManager'], PackageManager>> = { apt, apk };

function managerOf(facts: Facts): PackageManager {
  const manager = MANAGERS[facts.packageManager];
  if (manager) return manager;
  throw new PiclusterError(`${facts.os.prettyName || facts.os.id}: its package manager is not supported`, {
    host: facts.hostname,
    hint: 'picluster installs packages with apt (Debian, Ubuntu) and apk (Alpine)',
  });
}

export const packages = defineKind({
  name: 'package',
  summary: "Packages of the system's own package manager. Versions are the distribution's business, unless one is named.",
  absent: 'removed; its configuration stays, unless `purge`',
  schema,
  disturbs: true,
  bringsOthers: true,
  id: (spec) => spec.names.join(','),
  probe: (specs, facts) => managerOf(facts).probe(specs.map((spec) => spec.names)),
  parse: (record): PackageStates => Object.fromEntries(record.map((field) => split(field))),

  diff(spec, state) {
    const wrong = wrongNames(spec, state);
    const fields = differences(
      Object.fromEntries(wrong.map((name) => [bareName(name), [state[name] || 'absent', wantedStatus(spec, name)]])),
    );
    if (spec.state === 'present')
      return changeOf(
        'create',
        fields,
        wrong.some((name) => isDowngrade(name, state)) ? { destructive: 'an older version' } : {},
      );
    return changeOf('delete', fields, { destructive: spec.purge ? 'with its configuration' : 'removes what is installed' });
  },

  apply(spec, state, facts) {
    const names = wrongNames(spec, state);
    const manager = managerOf(facts);
    const script = spec.state === 'present' ? manager.install(names, spec) : manager.remove(names, spec);
    return { script: joinScripts([sh`lock_seconds=${spec.lockSeconds}`, script]), timeoutMs: 20 * 60_000 };
  },

  fingerprint: (spec) => `${spec.state} ${spec.names.join(' ')}`,
});

/** `installed`; `config-files` is a package that was removed, but for its configuration. */
function wrongNames({ names, state: wanted, purge }: Spec, state: PackageStates): string[] {
  const gone = purge ? [''] : ['', 'config-files'];
  return names.filter((name) => (wanted === 'present' ? state[name] !== 'installed' : !gone.includes(state[name] ?? '')));
}

const bareName = (name: string): string => name.replace(/=.*/, '');

const wantedStatus = ({ state }: Spec, name: string): string =>
  state === 'absent' ? 'absent' : name.includes('=') ? name.slice(name.indexOf('=') + 1) : 'installed';

/** Where another version is there, its status is that version. */
function isDowngrade(name: string, state: PackageStates): boolean {
  const [, wanted] = name.split('=');
  const found = state[name] ?? '';
  return wanted !== undefined && /^\d/.test(found) && found.localeCompare(wanted, 'en', { numeric: true }) > 0;
}

function split(field: string): [name: string, status: string] {
  const at = field.indexOf(' ');
  return [field.slice(0, at), field.slice(at + 1)];
}
