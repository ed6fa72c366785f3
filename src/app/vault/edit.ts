import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { ConfigError, StepFailedError } from '#src/errors.ts';
import { describeError } from '#src/render/error-text.ts';
import { readRecipients } from '#src/secrets/openpgp/recipients.ts';
import { mistakesIn } from '#src/secrets/vault-file.ts';
import { changeVault, fileOf, type OpenedVault, say, type VaultFlags } from './common.ts';
import { runEditor, untilEnded } from './editor.ts';
import { textOrEmpty } from './empty.ts';
import { privateDirectory } from './private-directory.ts';

interface EditFlags extends VaultFlags {
  onDisk?: boolean;
}

/** Opens the vault, or another encrypted file, in the user's editor; what is saved is checked before it is encrypted. */
export const editVault = (asked: string | undefined, flags: EditFlags): Promise<void> =>
  changeVault(flags, 'vault edit', (opened) => editFile(opened, asked, flags), { outlivesSignals: true });

async function editFile(opened: OpenedVault, asked: string | undefined, flags: EditFlags): Promise<void> {
  const file = fileOf(opened, asked);
  // What would refuse the text afterwards refuses it before somebody writes it.
  await readRecipients(opened.directory);
  const before = await textOrEmpty(file);
  const after = await edited(file.name, before, flags.onDisk ?? false);
  if (after === before) return say(`${file.name} is as it was`);
  await file.write(after);
  say(`saved ${file.name}`);
}

async function edited(name: string, before: string, onDisk: boolean): Promise<string> {
  const place = privateDirectory({ onDisk });
  try {
    return await untilEnded(async (signal) => {
      const path = join(place.path, basename(name, '.asc'));
      writeFileSync(path, before, { mode: 0o600, flag: 'wx' });
      for (;;) {
        await runEditor(path, place.path, signal);
        const after = textLeft(path, before);
        const mistakes = mistakesIn(name, after);
        if (mistakes.length === 0) return after;
        const refusal = new ConfigError('this is not what it may hold; nothing was changed', mistakes);
        if (!process.stdin.isTTY) throw refusal;
        process.stderr.write(`${describeError(refusal)}\n`);
        if (!(await wantsAgain(signal))) throw new StepFailedError('nothing was kept, nothing was changed');
      }
    });
  } finally {
    place.wipe();
  }
}

function textLeft(path: string, before: string): string {
  if (!existsSync(path)) throw new StepFailedError('the editor left no file; nothing was changed');
  const text = readFileSync(path, 'utf8');
  if (text.trim() === '' && before.trim() !== '') throw new StepFailedError('the file was empty; nothing was changed');
  return text;
}

/** Ctrl-C and Ctrl-D are a no. */
async function wantsAgain(signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('no')));
  lines.once('SIGINT', () => lines.close());
  try {
    const answer = await Promise.race([lines.question('edit again? [Y/n] ', { signal }), closed]);
    return !/^n/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
