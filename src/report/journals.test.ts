import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseJournal, pickRun, recordedRuns, runLine } from './journals.ts';
import { RECORDED } from './testing/recorded.ts';
import { runsText } from './text.ts';

let state: string;
const lines = readFileSync(RECORDED, 'utf8').trim().split('\n');

beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), 'picluster-runs-'));
  for (const name of ['20261121T090000-00aa', '20261121T080000-00bb', '20261121T100000-00cc'])
    mkdirSync(join(state, 'runs', name), { recursive: true });
  copyFileSync(RECORDED, join(state, 'runs', '20261121T080000-00bb', 'events.ndjson'));
  // killed in the middle of a line
  const killed = `${lines.slice(0, 200).join('\n')}\n${lines[200]?.slice(0, 40)}`;
  writeFileSync(join(state, 'runs', '20261121T090000-00aa', 'events.ndjson'), killed);
  writeFileSync(join(state, 'runs', '20261121T100000-00cc', 'events.ndjson'), '');
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

describe('journals', () => {
  it('are listed with what they came to, oldest first; what cannot be read is left out', async () => {
    const runs = await recordedRuns([state, join(state, 'nowhere')]);
    expect(runs.map(({ name }) => name.slice(-4))).toEqual(['00bb', '00aa', '00cc']);
    const found = (await Promise.all(runs.map(runLine))).filter((line) => line !== undefined);
    expect(found).toMatchObject([
      { state: 'failed', exitCode: 70, changed: 72, failed: 1, notReached: 1, by: 'operator@workstation' },
      { state: 'unfinished', failed: 0 },
    ]);
    expect(runsText(found).split('\n')[2]).toContain('unfinished');
  });

  it('are picked by the end or the beginning of their name; the last one without', async () => {
    const runs = await recordedRuns([state]);
    expect(pickRun(runs, undefined).name).toBe('20261121T100000-00cc');
    expect(pickRun(runs, '00aa').name).toBe('20261121T090000-00aa');
    expect(pickRun(runs, '20261121T08').name).toBe('20261121T080000-00bb');
    expect(() => pickRun(runs, '20261121')).toThrow('fits 3 runs');
    expect(() => pickRun(runs, 'nope')).toThrow('no run "nope"');
    expect(() => pickRun([], undefined)).toThrow('no run of this cluster');
  });

  it('leave out lines of another version and such that are cut off', () => {
    const other = '{"v":2,"seq":0,"at":"2026-01-01T00:00:00Z","type":"run.start"}';
    const unknown = '{"v":1,"seq":0,"at":"2026-01-01T00:00:00Z","type":"moon.phase"}';
    expect(parseJournal([other, unknown, lines[0], lines[1]?.slice(0, -5), ''].join('\n'))).toHaveLength(1);
  });

  it('keep a field that this version does not know from being a reason to leave out the line', () => {
    expect(parseJournal(String(lines[0]).replace('"v":1', '"v":1,"later":true'))).toHaveLength(1);
  });
});
