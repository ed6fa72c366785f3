import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { ConfigError, UsageError } from '#src/errors.ts';
import { kvPlaces } from '#src/secrets/catalogue/catalogue.ts';
import { type ExportFormat, exported } from '#src/secrets/export.ts';
import { parseSecrets } from '#src/secrets/file.ts';
import { writeAllAside } from '#src/secrets/write-aside.ts';
import { openVault, say, type VaultFlags } from './common.ts';
import { tryGit } from './git.ts';
import { readCatalogue } from './needed-credentials.ts';

interface ExportFlags extends VaultFlags {
  format: ExportFormat;
  to?: string;
  force?: boolean;
}

/** The way out: all secrets of the vault in clear, for another tool. Onto a terminal and over a file only with `force`. */
export async function exportVault(flags: ExportFlags): Promise<void> {
  const { directory, vault } = await openVault(flags);
  if (flags.to === undefined && process.stdout.isTTY && !flags.force)
    throw new UsageError('this would print every secret onto the terminal', {
      hint: 'into a file that only you can read: --to FILE; really onto the terminal: --force',
    });
  if (flags.to !== undefined && !flags.force && (await isThere(flags.to)))
    throw new UsageError(`${flags.to} is there already; nothing was written`, { hint: '--force replaces it' });
  const { store, mistakes } = parseSecrets(vault.name, await vault.read());
  if (mistakes.length > 0) throw new ConfigError('the vault cannot be exported', mistakes);
  const secrets = new Map(store.paths().map((path) => [path, store.get(path)?.reveal() ?? '']));
  const places = flags.format === 'kv' ? kvPlaces(await readCatalogue(directory)) : undefined;
  const text = exported(secrets, flags.format, places);
  if (flags.to === undefined) process.stdout.write(text);
  else await writePlain(resolve(flags.to), text, secrets.size);
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function writePlain(path: string, content: string, count: number): Promise<void> {
  await writeAllAside([{ path, content, mode: 0o600 }]);
  say(`wrote ${count} secrets in clear to ${path} (mode 0600): remove it when it has served`);
  const ignored = await tryGit(dirname(path), ['check-ignore', '--quiet', '--', basename(path)]);
  if (ignored?.exitCode === 1) say('git does not ignore this file: do not commit it');
}
