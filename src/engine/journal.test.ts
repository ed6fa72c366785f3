import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EXIT } from '#src/errors.ts';
import { redactor } from '#src/secrets/redactor.ts';
import { Secret } from '#src/secrets/secret.ts';
import { Journal } from './journal.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const PASSWORD = 'say "friend"\n\tand enter';
/** Words that stand in every line: a secret must not make it unreadable. */
const PLAIN_WORDS = ['host.facts', '2026', 'durationMs', '1234'];

it('what a machine said is redacted also where JSON needs backslashes, and every line stays readable', () => {
  const journal = new Journal(directory, 'r', redactor([PASSWORD, ...PLAIN_WORDS].map((value) => new Secret(value))));
  const output = { type: 'step.output', host: 'n1', step: 'a', text: `${PASSWORD}!` } as unknown as Parameters<
    Journal['append']
  >[0];
  const returned = journal.append({ ...output, durationMs: 1234 } as typeof output);
  journal.close();
  const line = readFileSync(join(directory, 'runs', 'r', 'events.ndjson'), 'utf8');
  expect(line).not.toContain('friend');
  expect(JSON.parse(line)).toEqual(returned);
  expect(returned).toMatchObject({ type: 'step.output', text: '***!', durationMs: 1234 });
  expect(Date.parse(returned.at)).toBeGreaterThan(0);
});

/** Like every other place where a line goes, but never with room for it. */
it.runIf(existsSync('/dev/full'))(
  'a line that cannot be written is told once, and never thrown at those who follow events',
  () => {
    const runs = join(directory, 'runs', 'r');
    mkdirSync(runs, { recursive: true });
    symlinkSync('/dev/full', join(runs, 'events.ndjson'));
    const journal = new Journal(directory, 'r', (text) => text);
    let told = 0;
    journal.lost.addEventListener('abort', () => {
      told += 1;
      journal.append({ type: 'warning', text: 'told' });
    });
    expect(journal.append({ type: 'fact', text: 'a' })).toMatchObject({ seq: 0, text: 'a' });
    expect(journal.append({ type: 'fact', text: 'b' })).toMatchObject({ seq: 2, text: 'b' });
    expect(told).toBe(1);
    expect(journal.lost.reason).toMatchObject({ exitCode: EXIT.cannotWrite, message: expect.stringMatching(/no space left$/) });
    journal.close();
  },
);

it('a directory that cannot be made is told as what it is', () => {
  writeFileSync(join(directory, 'runs'), '');
  expect(() => new Journal(directory, 'r', (text) => text)).toThrow(/cannot write the journal of the run: (?:ENOTDIR|EEXIST)/);
});
