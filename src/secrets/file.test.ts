import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSecrets, readSecretsFile } from './file.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-secrets-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('a secrets file', () => {
  it('gives secrets by path, which do not print', () => {
    const { store, mistakes } = parseSecrets(
      'secrets.yaml',
      'k3s: { token: swordfish }\ngit:\n  key: |\n    line 1\n    line 2\n',
    );
    expect(mistakes).toEqual([]);
    expect(store.paths()).toEqual(['k3s.token', 'git.key']);
    expect(store.get('k3s.token')?.reveal()).toBe('swordfish');
    expect(store.get('git.key')?.reveal()).toBe('line 1\nline 2\n');
    expect(store.get('k3s')).toBeUndefined();
    expect(inspect(store, { depth: 9 }) + String(store.all())).not.toContain('swordfish');
  });

  it('what rotated secrets were is redacted, and has no path', () => {
    const text = 'a: new\n_rotations: { a: { since: 2026-11-21T10:00:00Z, old: { a: swordfish, b.hash: shark } } }\n';
    const { store, mistakes } = parseSecrets('secrets.yaml', text);
    expect([mistakes, store.paths()]).toEqual([[], ['a']]);
    expect(store.all().map((secret) => secret.reveal())).toEqual(['new', 'swordfish', 'shark']);
    for (const path of ['_rotations', '_rotations.a.old.a', '_rotations.a.since']) expect(store.get(path)).toBeUndefined();
  });

  it.each(['swordfish', '{ a: swordfish }', '{ a: { since: x, old: swordfish } }', '{ a: { old: { a: swordfish } } }'])(
    'what is no rotation is told: %s',
    (text) => {
      const { mistakes } = parseSecrets('secrets.yaml', `_rotations: ${text}\n`);
      expect(mistakes.map(({ message }) => message)).toEqual(['is not what picluster vault rotate wrote there']);
    },
  );

  it.each([
    ['a: *swordfish\n'],
    ['a: !swordfish x\n'],
    ['a: "swordfish\n'],
    ['a: swordfish: b\n'],
    ['a: @swordfish\n'],
    ['a: %swordfish\n'],
    ['swordfish swordfish\n'],
    ['- swordfish\n'],
    ['a: [swordfish]\n'],
    ['a: {b: swordfish\n'],
    ['a: "\\swordfish"\n'],
    ['a: {"swordfish!": b}\n'],
    ['swordfish*: b\n'],
  ])('%j is refused without repeating a value', (text) => {
    const { mistakes } = parseSecrets('secrets.yaml', text);
    expect(mistakes.length).toBeGreaterThan(0);
    expect(JSON.stringify(mistakes)).not.toMatch(/swordfish|wordfish/);
    for (const { line, file } of mistakes) expect([file, line > 0]).toEqual(['secrets.yaml', true]);
  });

  it.each([
    [0o600, []],
    [0o400, []],
    [0o640, ['others can read it (mode 0640): chmod 600 secrets.yaml, and change secrets that were exposed']],
    [0o604, ['others can read it (mode 0604): chmod 600 secrets.yaml, and change secrets that were exposed']],
    [0o620, ['others can read it (mode 0620): chmod 600 secrets.yaml, and change secrets that were exposed']],
  ])('mode %o', async (mode, expected) => {
    const path = join(directory, `secrets-${mode}.yaml`);
    await writeFile(path, 'a: swordfish\n');
    await chmod(path, mode);
    const { mistakes, store } = await readSecretsFile(path, 'secrets.yaml');
    expect(mistakes.map(({ message }) => message)).toEqual(expected);
    expect(store.paths()).toEqual(expected.length > 0 ? [] : ['a']);
  });

  it('no file, no secrets', async () => {
    const { store, mistakes } = await readSecretsFile(join(directory, 'none.yaml'), 'secrets.yaml');
    expect([store.paths(), mistakes]).toEqual([[], []]);
  });
});
