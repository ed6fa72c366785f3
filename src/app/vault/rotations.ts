import { UsageError } from '#src/errors.ts';
import { withSecrets } from '#src/secrets/edit-yaml.ts';
import { type Rotation, rotationsOf, withoutRotation } from '#src/secrets/rotations.ts';
import { changeVault, openVault, say, type VaultFlags } from './common.ts';

/** Prints the rotations that nobody has confirmed. */
export async function listRotations(flags: VaultFlags): Promise<void> {
  const { vault } = await openVault(flags);
  const pending = rotationsOf(await vault.read());
  for (const { name, since, old } of pending) say(`${name}  since ${since}  ${[...old.keys()].join(', ')}`);
  if (pending.length === 0) say('no rotation waits to be confirmed');
}

/** Forgets what rotated secrets were. */
export const confirmRotations = (names: readonly string[], flags: VaultFlags): Promise<void> =>
  changeVault(flags, 'vault rotate --confirm', async ({ vault }) => {
    const before = await vault.read();
    const chosen = chosenOf(rotationsOf(before), names);
    await vault.write(chosen.reduce((text, { name }) => withoutRotation(text, name), before));
    for (const { name } of chosen) say(`confirmed ${name}; only the history of git keeps what it was`);
  });

/** Puts back what rotated secrets were. */
export const revertRotations = (names: readonly string[], flags: VaultFlags): Promise<void> =>
  changeVault(flags, 'vault rotate --revert', async ({ vault }) => {
    const before = await vault.read();
    const chosen = chosenOf(rotationsOf(before), names);
    const restored = chosen.reduce((text, { name, old }) => withSecrets(vault.name, withoutRotation(text, name), old), before);
    await vault.write(restored);
    for (const { name, old } of chosen)
      say(`reverted ${name}: ${[...old.keys()].join(', ')} as before; whoever has the new value needs the old one again`);
  });

/** By name, or by a path whose value it changed. Throws UsageError for all that were not rotated. */
function chosenOf(pending: readonly Rotation[], names: readonly string[]): Rotation[] {
  const found = names.map((path) => ({ path, rotation: pending.find(({ name, old }) => name === path || old.has(path)) }));
  const unknown = found.filter(({ rotation }) => !rotation).map(({ path }) => path);
  const waiting = pending.map(({ name }) => name).join(', ') || 'none';
  if (unknown.length > 0)
    throw new UsageError(`no rotation of ${unknown.join(', ')} waits to be confirmed; nothing was changed`, {
      hint: `those that do: ${waiting}`,
    });
  return [...new Set(found.flatMap(({ rotation }) => rotation ?? []))];
}
