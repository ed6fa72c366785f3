import { z } from 'zod';
import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import { apt } from './apt.ts';
import { changeOf, differences } from './changes.ts';
import { defineKind } from './kind.ts';
import type { PackageManager, PackageStates } from './package-manager.ts';
import { presence } from './schemas.ts';

const schema = z.strictObject({
  /** Installed or removed by one call of the package manager. */
  names: z.array(z.string().regex(/^[a-z0-9][a-z0-9+._-]*$/, 'a package name')).min(1),
  state: presence,
  /** With `state: absent`: its configuration files go too. */
  purge: z.boolean().default(false),
  /** Also install what the packages recommend. */
  recommends: z.boolean().default(false),
});

type Spec = z.output<typeof schema>;

const MANAGERS: Partial<Record<Facts['packageManager'], PackageManager>> = { apt };

function managerOf(facts: Facts): PackageManager {
  const manager = MANAGERS[facts.packageManager];
  if (manager) return manager;
  throw new PiclusterError(`${facts.os.prettyName || facts.os.id}: its package manager is not supported`, {
    host: facts.hostname,
    hint: 'picluster installs packages with apt, on Debian and Ubuntu',
  });
}

/** Packages of the system's own package manager. Versions are the distribution's business. */
export const packages = defineKind({
  name: 'package',
  schema,
  disturbs: true,
  id: (spec) => spec.names.join(','),
  probe: (specs, facts) => managerOf(facts).probe(specs.map((spec) => spec.names)),
  parse: (record): PackageStates => Object.fromEntries(record.map((field) => split(field))),

  diff(spec, state) {
    const after = spec.state === 'present' ? 'installed' : 'absent';
    const fields = differences(
      Object.fromEntries(wrongNames(spec, state).map((name) => [name, [state[name] || 'absent', after]])),
    );
    if (spec.state === 'present') return changeOf('create', fields);
    return changeOf('delete', fields, { destructive: spec.purge ? 'with its configuration' : 'removes what is installed' });
  },

  apply(spec, state, facts) {
    const names = wrongNames(spec, state);
    const manager = managerOf(facts);
    const script = spec.state === 'present' ? manager.install(names, spec) : manager.remove(names, spec);
    return { script, timeoutMs: 20 * 60_000 };
  },

  fingerprint: (spec) => `${spec.state} ${spec.names.join(' ')}`,
});

/** `installed`; `config-files` is a package that was removed, but for its configuration. */
function wrongNames({ names, state: wanted, purge }: Spec, state: PackageStates): string[] {
  const gone = purge ? [''] : ['', 'config-files'];
  return names.filter((name) => (wanted === 'present' ? state[name] !== 'installed' : !gone.includes(state[name] ?? '')));
}

function split(field: string): [name: string, status: string] {
  const at = field.indexOf(' ');
  return [field.slice(0, at), field.slice(at + 1)];
}
