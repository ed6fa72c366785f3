import { suggestion } from '#src/cluster/suggest.ts';
import { ConfigError, UsageError } from '#src/errors.ts';
import type { Catalogue } from '#src/secrets/catalogue/catalogue.ts';
import { neededBy } from '#src/secrets/catalogue/needed.ts';
import { withSecrets } from '#src/secrets/edit-yaml.ts';
import { type GenerationPlan, planGeneration } from '#src/secrets/generate/plan.ts';
import { type AnswerFlags, answersTo } from './answers.ts';
import { changeVault, openVault, say, type VaultFlags } from './common.ts';
import { madeValues, questionsOf } from './made-values.ts';
import { type NeededCredentials, readNeeds } from './needed-credentials.ts';
import { notesOn } from './notes-on.ts';
import { presentSecrets } from './present-secrets.ts';

type GenerateFlags = VaultFlags & AnswerFlags & { dryRun?: boolean };

/** Makes the credentials that are missing, asks for those that cannot be made, and writes all at once. A second run changes nothing. */
export async function generateCredentials(names: readonly string[], flags: GenerateFlags): Promise<void> {
  if (flags.dryRun) {
    const opened = await openVault(flags);
    const { plan } = await missing(names, opened.directory, await opened.vault.read());
    for (const name of plan.made) say(`would make ${name}`);
    for (const name of plan.completed) say(`would complete ${name} by its public key`);
    for (const name of plan.asked) say(`would ask for ${name}`);
    return tellWhenNothing(plan);
  }
  await changeVault(flags, 'vault generate', async ({ directory, vault }) => {
    const before = await vault.read();
    const { plan, needs, value } = await missing(names, directory, before);
    const { credentials } = needs.catalogue;
    const asked = questionsOf([...credentials].filter(([name]) => plan.asked.includes(name)));
    const answers = await answersTo(asked, [...questionsOf(credentials).keys()], flags);
    const values = await madeValues(needs, plan, answers, value);
    if (values.size > 0) await vault.write(withSecrets(vault.name, before, values));
    for (const name of plan.made) say(`made ${name}`);
    for (const name of plan.completed) say(`completed ${name} by its public key`);
    for (const name of plan.asked) say(`took ${name}`);
    for (const name of plan.made) for (const todo of credentials.get(name)?.whenMade ?? []) say(`  ${name}: ${todo}`);
    for (const note of await notesOn(needs.catalogue, plan.there, value, new Date())) say(`  ${note}`);
    tellWhenNothing(plan);
  });
}

async function missing(names: readonly string[], directory: string, text: string) {
  const needs = await readNeeds(directory);
  const { value } = await presentSecrets(directory, text);
  const needed = neededBy(needs.catalogue, needs.cluster);
  const wanted = names.length === 0 ? needed : namedCredentials(needs, names);
  const plan = planGeneration(needs.catalogue, wanted, (path) => value(path) !== undefined, new Set(names));
  const halves = plan.halves.map((half) => `${half.name}: ${half.there.join(', ')} is there without ${half.missing.join(', ')}`);
  if (halves.length > 0)
    throw new ConfigError(`${halves.join('; ')}; nothing was written`, [], {
      hint: 'set what is missing (picluster vault set), or remove what is there (picluster vault rm), and both are made',
    });
  return { needs, plan, value };
}

/** A name stands for a credential, or for all that the release has for a service. Throws UsageError for all that stand for nothing. */
function namedCredentials({ catalogue, cluster }: NeededCredentials, names: readonly string[]): string[] {
  const unknown = names.filter((name) => !catalogue.credentials.has(name) && !catalogue.services.has(name));
  if (unknown.length > 0)
    throw new UsageError(
      unknown.map((name) => `no credential or service is called "${name}"${meant(catalogue, name)}`).join('; '),
    );
  const everything = neededBy(catalogue, { ...cluster, services: 'all' });
  return names.flatMap((name) =>
    catalogue.credentials.has(name)
      ? [name]
      : everything.filter((other) => catalogue.credentials.get(other)?.for.service === name),
  );
}

const meant = ({ credentials, services }: Catalogue, name: string): string =>
  suggestion(name, [...credentials.keys(), ...services.keys()]);

function tellWhenNothing({ made, asked, completed, there }: GenerationPlan): void {
  if (made.length + asked.length + completed.length === 0)
    say(`nothing is missing: ${there.length} credential${there.length === 1 ? ' is' : 's are'} there`);
}
