import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
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
