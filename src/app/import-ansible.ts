import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { loadCluster } from '#src/cluster/load.ts';
import { releaseVariables } from '#src/cluster/release-variables.ts';
import { suggestion } from '#src/cluster/suggest.ts';
import { ConfigError, EXIT, PermissionError, UsageError } from '#src/errors.ts';
import { importAnsible } from '#src/import/ansible/import.ts';
import { readProject } from '#src/import/ansible/read.ts';
import { clusterFiles, importReport } from '#src/import/ansible/write.ts';
import type { OpenVault } from '#src/import/ansible/yaml.ts';
import { pathExists } from '#src/path-exists.ts';
import { describeError } from '#src/render/error-text.ts';
import { decryptAnsibleVault } from '#src/secrets/ansible-vault.ts';
import { askSecret } from './ask-secret.ts';
import { knownRoles } from './known-roles.ts';
import { schemasInto } from './show-schema.ts';
import { passphraseFrom } from './unlock.ts';

export interface ImportFlags {
  to: string;
  inventory?: string;
  release?: string;
  name: string;
  askVaultPassword?: boolean;
  vaultPasswordFd?: string;
}

/** Writes a cluster directory made of an Ansible project, whole or not at all, and says what is left to do. Returns the exit code. */
export async function importAnsibleProject(directory: string, flags: ImportFlags): Promise<number> {
  const target = resolve(flags.to);
  await refuseExisting(target);
  const releases = await releaseVariables();
  if (flags.release !== undefined && !releases.has(flags.release))
    throw new UsageError(`unknown release "${flags.release}"${suggestion(flags.release, releases.keys())}`);
  const { project, problems } = await readProject(resolve(directory), {
    inventory: flags.inventory && resolve(flags.inventory),
    open: await vaultOpener(flags),
  });
  const imported = importAnsible(project, { name: flags.name, release: flags.release, releases });
  await writeWhole(target, clusterFiles(imported));
  process.stdout.write(importReport({ ...imported, todo: [...problems, ...imported.todo] }, flags.to));
  return await check(target);
}

/** What opens values of ansible-vault; undefined when nobody wants to give its passphrase. Throws PermissionError when nobody types it. */
async function vaultOpener({ askVaultPassword, vaultPasswordFd: fd }: ImportFlags): Promise<OpenVault | undefined> {
  if (fd === undefined && !askVaultPassword) return undefined;
  const passphrase = fd === undefined ? await askSecret('passphrase of ansible-vault: ') : await passphraseFrom(fd);
  if (passphrase === undefined)
    throw new PermissionError('nobody typed the passphrase of ansible-vault', {
      hint: 'without a terminal: --vault-password-fd 3 3<FILE',
    });
  return (file, armor) => decryptAnsibleVault(file, armor, passphrase);
}

async function refuseExisting(target: string): Promise<void> {
  if (await pathExists(target))
    throw new UsageError(`${target} exists already`, { hint: 'name a new directory with --to; nothing was written' });
}

async function writeWhole(target: string, files: ReturnType<typeof clusterFiles>): Promise<void> {
  const aside = `${target}.${process.pid}.new`;
  try {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    for (const { path, text, isSecret } of files) {
      await mkdir(dirname(join(aside, path)), { recursive: true });
      await writeFile(join(aside, path), text, { mode: isSecret ? 0o600 : 0o644 });
    }
    await schemasInto(aside);
    await rename(aside, target);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Reads what was written as every other command would. */
async function check(target: string): Promise<number> {
  try {
    await loadCluster({ ...(await knownRoles(target)), directory: target, cwd: target, env: process.env });
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stdout.write(`What was written needs your hand before picluster takes it:\n${describeError(error)}\n`);
    return error.exitCode;
  }
}
