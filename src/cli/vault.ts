import type { Command } from 'commander';
import { defineContents } from './vault-contents.ts';
import { defineExport } from './vault-export.ts';
import { defineFiles } from './vault-files.ts';
import { defineGenerate } from './vault-generate.ts';
import { defineGit } from './vault-git.ts';
import { defineImportAnsible } from './vault-import.ts';
import { defineInit } from './vault-init.ts';
import { defineRecipients } from './vault-recipients.ts';
import { defineRotate } from './vault-rotate.ts';
import { defineVerify } from './vault-verify.ts';

/** In the order of `--help`. */
const PARTS: readonly ((vault: Command) => void)[] = [
  defineInit,
  defineContents,
  defineGenerate,
  defineRotate,
  defineRecipients,
  defineFiles,
  defineVerify,
  defineGit,
  defineExport,
  defineImportAnsible,
];

export function define(command: Command): void {
  command.addHelpText(
    'after',
    '\nThe vault is secrets.yaml.asc of the cluster directory; `gpg -d` reads it, too. Values never stand in arguments.',
  );
  for (const definePart of PARTS) definePart(command);
}
