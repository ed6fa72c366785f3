import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cutDiff, unifiedDiff } from './unified-diff.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`);

it.each([
  ['equal texts', 'a\n', 'a\n', ''],
  ['a new file', '', 'a\nb\n', '--- /dev/null\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n'],
  ['a file that goes', 'a\n', '', '--- f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n'],
  ['no newline at the end', 'a', 'a\n', '--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n'],
])('shows %s', (_, before, after, expected) => {
  expect(unifiedDiff(before, after, 'f')).toBe(expected);
});

it('keeps three lines around each change, and joins changes that are near', () => {
  const before = numbered(30);
  const after = before.with(1, 'two\n').with(7, 'eight\n').with(25, 'twenty-six\n');
  const heads = unifiedDiff(before.join(''), after.join(''), 'f')
    .split('\n')
    .filter((text) => text.startsWith('@@'));
  expect(heads).toEqual(['@@ -1,11 +1,11 @@', '@@ -23,7 +23,7 @@']);
});

it('is what patch(1) turns the old text into the new one with', () => {
  const directory = mkdtempSync(join(tmpdir(), 'picluster-diff-'));
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  for (let round = 0; round < 12; round++) {
    const before = numbered(random(40)).join('');
    const after = numbered(random(40))
      .flatMap((text) => [[text], [], [text, `new ${random(5)}\n`]][random(3)] ?? [])
      .join('');
    writeFileSync(join(directory, 'f'), before);
    const diff = unifiedDiff(before, after, 'f');
    if (diff) {
      const reply = spawnSync('patch', ['-s', '-f', '-p0', 'f'], {
        cwd: directory,
        input: diff.replaceAll('/dev/null', 'f'),
        encoding: 'utf8',
      });
      expect(reply.stdout + reply.stderr).toBe('');
    }
    const patched = spawnSync('cat', ['f'], { cwd: directory, encoding: 'utf8' });
    expect(patched.stdout).toBe(after);
  }
  rmSync(directory, { recursive: true });
});

it('gives up the search in texts that have nothing in common', () => {
  const before = Array.from({ length: 3000 }, (_, index) => `a${index}\n`).join('');
  const after = Array.from({ length: 3000 }, (_, index) => `b${index}\n`).join('');
  const diff = unifiedDiff(before, after, 'f').split('\n');
  expect(diff.filter((text) => text.startsWith('-a'))).toHaveLength(3000);
  expect(diff.filter((text) => text.startsWith('+b'))).toHaveLength(3000);
});

describe('cutDiff', () => {
  it('leaves what can be read as it is, and says how much more there is', () => {
    const diff = unifiedDiff('a\n', `${Array.from({ length: 300 }, (_, index) => index).join('\n')}\n`, '/etc/x');
    expect(cutDiff('+a\n')).toBe('+a\n');
    expect(cutDiff(diff).split('\n').slice(-3)).toEqual(['+195', '... 104 more lines: 104 added, 0 taken away', '']);
  });
});
