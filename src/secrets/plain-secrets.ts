import type { Mistake } from '#src/errors.ts';
import { isPublic } from './public-values.ts';
import type { Secret } from './secret.ts';

/** A private key with what it holds: to name the line that begins one is no secret. What is encrypted itself (PKCS #8) is none either. */
const PRIVATE_KEY =
  /-----BEGIN (?!ENCRYPTED )(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[ \t]*\r?\n(?:[ \t]*[\w-]+: [^\n]*\n|[ \t]*\r?\n)*[ \t]*[A-Za-z0-9+/]{40}/g;
const CLIENT_KEY = /\bclient-key-data["']?:[ \t]*["']?[A-Za-z0-9+/]{40}/g;
const NAMED =
  /^[^\S\n]*(?:- |export )?["']?([\w.-]*(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|credential)[\w.-]*)["']?[^\S\n]*[:=][^\S\n]*(["']?)([^\s"'#,]+)\2[^\S\n]*,?[^\S\n]*(?:#.*)?$/gim;
/** Names of things, not their values. */
const ABOUT_ONE = /(?:ref|name|path|file|dir|url|uri|type|hash|digest|sha\d*|id|length|ttl)s?$/i;
/** What somebody else has encrypted for git: SOPS, SealedSecret. */
const FOREIGN_SEALED = /^ENC\[/;
const MIN_NAMED = 10;
const MIN_WORD = 8;
const MIN_KNOWN = 8;

interface Known {
  readonly path: string;
  readonly value: string;
}

/** What is looked for in plain files: values of the vault that are long enough to be nothing else, and not public. Pure. */
export function knownValues(secrets: readonly Secret[]): Known[] {
  return secrets.flatMap((secret) => {
    const path = secret.label;
    if (isPublic(secret)) return [];
    const lines = secret
      .reveal()
      .split('\n')
      .map((line) => line.trim());
    // Of several lines the longest tells; the first of a key is the same in all.
    const [value = ''] = lines.filter((line) => !line.startsWith('-----')).sort((a, b) => b.length - a.length);
    return value.length >= MIN_KNOWN
      ? [
          { path, value },
          { path, value: Buffer.from(value).toString('base64') },
        ]
      : [];
  });
}

/** Everything in a text that looks like a secret in plain, where it stands. Messages repeat no value. Pure. */
export function plainSecretsIn(file: string, text: string, known: readonly Known[] = []): Mistake[] {
  const found = new Map<number, string>();
  const at = (index: number, message: string): void => {
    if (!found.has(index)) found.set(index, message);
  };
  for (const { index } of text.matchAll(PRIVATE_KEY)) at(index, 'a private key in plain');
  for (const { index } of text.matchAll(CLIENT_KEY)) at(index, 'the private key of a kubeconfig in plain');
  for (const { path, value } of known)
    for (const index of wholeWords(text, value)) at(index, `the value of the secret ${path} in plain`);
  if (!/^kind: SealedSecret\s*$/m.test(text))
    for (const { 0: line, 1: name = '', 3: value = '', index } of text.matchAll(NAMED))
      if (!ABOUT_ONE.test(name) && looksRandom(value)) at(index + line.indexOf(name), `"${name}" looks like a secret in plain`);
  return [...found].sort(([a], [b]) => a - b).map(([index, message]) => ({ ...placeOf(text, index), file, path: '', message }));
}

function wholeWords(text: string, value: string): number[] {
  const indexes: number[] = [];
  for (let index = text.indexOf(value); index !== -1; index = text.indexOf(value, index + value.length)) {
    const around = (text[index - 1] ?? ' ') + (text[index + value.length] ?? ' ');
    if (!/[A-Za-z0-9]/.test(around)) indexes.push(index);
  }
  return indexes;
}

/** Whether letters, capitals and digits of a word change places as often as only chance makes them: names and versions do not. Pure. */
export function looksRandom(value: string): boolean {
  if (value.length < MIN_NAMED || FOREIGN_SEALED.test(value) || /^[/~.$*&!<{]|\{\{|\$\{|:\/\/|^\w+\(/.test(value)) return false;
  return value.split(/[^A-Za-z0-9]/).some((word) => {
    const classes = [...word].map(classOf);
    const changes = classes.filter((one, index) => index > 0 && one !== classes[index - 1]).length;
    return word.length >= MIN_WORD && /\d/.test(word) && /[A-Za-z]/.test(word) && changes >= word.length / 4;
  });
}

const classOf = (character: string): string => (/\d/.test(character) ? 'digit' : /[a-z]/.test(character) ? 'letter' : 'capital');

function placeOf(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index);
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
}
