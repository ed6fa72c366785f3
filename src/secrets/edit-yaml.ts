import { type Document, isMap, isScalar, parseDocument } from 'yaml';
import { UsageError } from '#src/errors.ts';
import { parseSecrets } from './file.ts';
import { ROTATIONS } from './reserved.ts';
import { secretPath } from './store.ts';

/** Text of a file of secrets with one of them set; comments and order stay. Throws UsageError when the path cannot hold a value. Pure. */
export const withSecret = (file: string, text: string, path: string, value: string): string =>
  withSecrets(file, text, new Map([[path, value]]));

/** The same with several, by path: the document is parsed once, as it may hold hundreds. */
export function withSecrets(file: string, text: string, values: ReadonlyMap<string, string>): string {
  const document = parseDocument(text, { stringKeys: true });
  for (const [path, value] of values) set(file, document, path, value);
  return checked(file, document, values);
}

function set(file: string, document: Document, path: string, value: string): void {
  if (value === '') throw new UsageError(`the value of ${path} is empty; nothing was changed`);
  const keys = keysOf(path);
  keys.forEach((_, length) => {
    const above = keys.slice(0, length).join('.');
    const node = length === 0 ? document.contents : document.getIn(keys.slice(0, length), true);
    if (node !== undefined && node !== null && !isMap(node) && !(isScalar(node) && node.value === null))
      throw new UsageError(`${above || file} is a value, so there can be no ${path} below it`);
    if (isScalar(node)) document.deleteIn(keys.slice(0, length));
  });
  if (isMap(document.getIn(keys, true)))
    throw new UsageError(`${path} holds other secrets: name one of them, or remove it first`);
  if (document.contents === null || isScalar(document.contents)) document.contents = document.createNode({}) as never;
  document.setIn(keys, value);
}

/** The same without a path, or without all below it; maps that are empty then go, too. Throws UsageError when there is nothing. Pure. */
export function withoutSecret(file: string, text: string, path: string): string {
  const document = parseDocument(text, { stringKeys: true });
  const keys = keysOf(path);
  if (!document.hasIn(keys)) throw new UsageError(`there is no secret "${path}" in ${file}`);
  document.deleteIn(keys);
  for (let above = keys.slice(0, -1); above.length > 0; above = above.slice(0, -1)) {
    const node = document.getIn(above, true);
    if (isMap(node) && node.items.length === 0) document.deleteIn(above);
  }
  return checked(file, document, new Map([[path, undefined]]));
}

function keysOf(path: string): string[] {
  const keys = secretPath(path).split('.');
  if (keys.some((key) => !/^[\w-]+$/.test(key)))
    throw new UsageError(`"${path}" is no path of a secret: names of letters, digits, _ and -, with dots between them`);
  if (keys[0] === ROTATIONS) throw new UsageError(`${ROTATIONS} is kept by picluster vault rotate: no secret can be named so`);
  return keys;
}

/** What will be read is what was meant, or nothing is written. */
function checked(file: string, document: Document, values: ReadonlyMap<string, string | undefined>): string {
  const text = document.toString({ lineWidth: 0 }).replace(/^\n+/, '');
  const { store } = parseSecrets(file, text);
  for (const [path, value] of values)
    if (store.get(path)?.reveal() !== value) throw new TypeError(`${path} could not be edited in ${file}`);
  return text;
}
