import { suggestion } from '#src/cluster/suggest.ts';
import { EXIT, RefusedError, UsageError } from '#src/errors.ts';
import type { Catalogue } from '#src/secrets/catalogue/catalogue.ts';
import { withSecrets } from '#src/secrets/edit-yaml.ts';
import { parseSecrets } from '#src/secrets/file.ts';
import { afterRotation, describeRotation, planRotation, type RotationPlan } from '#src/secrets/generate/rotation-plan.ts';
import { rotationsOf, withRotation } from '#src/secrets/rotations.ts';
import { confirm } from '../confirm.ts';
import { type AnswerFlags, answersTo } from './answers.ts';
import { changeVault, say, type VaultFlags } from './common.ts';
import { madeValues, questionsOf } from './made-values.ts';
import { type NeededCredentials, readNeeds } from './needed-credentials.ts';
import { presentSecrets } from './present-secrets.ts';

type RotateFlags = VaultFlags & AnswerFlags & { yes?: boolean; force?: boolean };

/** Gives credentials new values after saying who needs them. The old ones are kept in the vault until somebody confirms or reverts. */
export const rotateSecrets = (names: readonly string[], flags: RotateFlags): Promise<void> =>
  changeVault(flags, 'vault rotate', async ({ directory, vault }) => {
    const before = await vault.read();
    const needs = await readNeeds(directory);
    const { inVault, value } = await presentSecrets(directory, before);
    const plan = planRotation(
      needs.catalogue,
      names,
      (path) => inVault(path) !== undefined,
      rotationsOf(before),
      flags.force ?? false,
    );
    refuse(plan, needs.catalogue, before);
    for (const line of describeRotation(plan)) say(line);
    if (!(await isWanted(plan, flags))) return;
    const values = await newValues(plan, needs, value, flags);
    await vault.write(rotated(vault.name, before, plan, values, inVault));
    const rotatedNames = plan.targets.map(({ name }) => name);
    for (const { name, dependants } of plan.targets) for (const made of [name, ...dependants.keys()]) say(`rotated ${made}`);
    for (const line of afterRotation(plan)) say(line);
    say('The vault keeps what they were. When everything works with the new values:');
    say(`  picluster vault rotate --confirm ${rotatedNames.join(' ')}`);
    say('To go back: --revert in place of --confirm.');
  });

function refuse({ unknown, refusals }: RotationPlan, { credentials }: Catalogue, text: string): void {
  if (unknown.length > 0) {
    const paths = parseSecrets('', text).store.paths();
    const messages = unknown.map((path) =>
      credentials.has(path) || paths.includes(path)
        ? `"${path}" is not there, or not whole`
        : `there is no "${path}" in the vault${suggestion(path, paths)}`,
    );
    throw new UsageError(`${messages.join('; ')}; nothing was changed`, {
      hint: 'picluster vault list; what is missing is made by: picluster vault generate',
    });
  }
  if (refusals.length > 0) throw new RefusedError('this is not rotated now; nothing was changed', refusals);
}

async function isWanted({ targets }: RotationPlan, flags: RotateFlags): Promise<boolean> {
  if (flags.yes) return true;
  if (!process.stdin.isTTY)
    throw new UsageError('this asks before it changes anything; nothing was changed', { hint: 'without a terminal: --yes' });
  const what = targets.length === 1 ? 'it' : `these ${targets.length}`;
  if (await confirm({ text: `Rotate ${what}? Type yes: `, answer: 'yes' })) return true;
  process.exitCode = EXIT.interrupted;
  say('nothing was changed');
  return false;
}

async function newValues(
  { targets }: RotationPlan,
  needs: NeededCredentials,
  value: (path: string) => string | undefined,
  flags: RotateFlags,
): Promise<Map<string, string>> {
  const questions = questionsOf(targets.map(({ name, credential }) => [name, credential]));
  const answers = await answersTo(questions, [...questions.keys()], flags);
  const same = [...answers].filter(([path, answer]) => answer === value(path)).map(([path]) => path);
  if (same.length > 0) throw new UsageError(`${same.join(', ')} was given the value it has; nothing was changed`);
  return await madeValues(
    needs,
    { made: targets.flatMap(({ name, dependants }) => [name, ...dependants.keys()]) },
    answers,
    value,
  );
}

function rotated(
  file: string,
  text: string,
  { targets }: RotationPlan,
  values: ReadonlyMap<string, string>,
  old: (path: string) => string | undefined,
): string {
  const since = new Date().toISOString();
  const recorded = targets.reduce(
    (before, { name, paths }) =>
      withRotation(before, { name, since, old: new Map(paths.map((path) => [path, old(path) ?? ''])) }),
    text,
  );
  return withSecrets(file, recorded, values);
}
