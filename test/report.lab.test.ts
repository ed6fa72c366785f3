import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stateDirectory } from '#src/engine/state-directory.ts';
import { reportPage } from '#src/report/html/page.ts';
import { reportOf } from '#src/report/report-of.ts';
import { largeRun } from '#src/report/testing/large.ts';
import { RECORDED, recordedEvents } from '#src/report/testing/recorded.ts';
import { Browser, type View } from './support/browser.ts';
import { Cli } from './support/cli.ts';

/** The report in a real browser: what a person gets to see, at the width of a desk and of a phone, in both colour schemes. */
const RUN = '20261121T114230-27f8';
const VIEWS: View[] = [
  { width: 1280, height: 900, colors: 'light' },
  { width: 1280, height: 900, colors: 'dark' },
  { width: 390, height: 844, colors: 'light' },
];
let directory: string;
let browser: Browser;
let recorded: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-report-'));
  const cli = new Cli(directory);
  // Not even valid: a report must be had of a cluster that is broken.
  writeFileSync(join(directory, 'cluster.yaml'), 'name: [broken\n');
  const state = await stateDirectory({ name: 'home', directory }, { XDG_STATE_HOME: cli.stateHome });
  mkdirSync(join(state, 'runs', RUN), { recursive: true });
  copyFileSync(RECORDED, join(state, 'runs', RUN, 'events.ndjson'));
  const { exitCode, stdout, all } = await cli.run('report', ['--html']);
  expect(exitCode, all).toBe(0);
  expect(stdout.trim()).toBe(join(state, 'runs', RUN, 'report.html'));
  recorded = join(directory, 'report.html');
  copyFileSync(stdout.trim(), recorded);
  rmSync(cli.stateHome, { recursive: true, force: true });
  browser = await Browser.start();
});

afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Whatever a page is, it complains about nothing and asks for nothing but itself. */
afterEach(() => {
  expect(browser.complaints.splice(0)).toEqual([]);
  expect(browser.requests.splice(0).filter((url) => !url.startsWith('file://') && !url.startsWith('data:'))).toEqual([]);
});

const open = (file: string, view: View): Promise<void> => browser.open(pathToFileURL(file).href, view);

/** Elements that stand out to the right, unless they stand in something that scrolls by itself. */
const OVERFLOWING = `[...document.querySelectorAll('body *')]
  .filter((element) => element.checkVisibility())
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5 && !element.closest('.scroll, pre, .unseen'))
  .map((element) => element.outerHTML.slice(0, 200))`;
/** Texts of the elements that take room. */
const seen = (selector: string): string => `[...document.querySelectorAll('${selector}')].filter((element) => {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0;
}).map((element) => element.textContent.trim().replaceAll(/\\s+/g, ' '))`;
const OPEN_ALL = `for (const item of document.querySelectorAll('details')) item.open = true`;

test.each(VIEWS)('everything is there at $width pixels, $colors', async (view) => {
  await open(recorded, view);
  expect(await browser.evaluate(seen('h1, h2'))).toEqual([
    'apply of home ✖ failed',
    'Failures',
    'Not reached',
    'Timeline',
    'Changes',
    'Where the time went',
    'Traffic',
    'What waits for what',
  ]);
  expect(await browser.evaluate(seen('.host > summary b'))).toEqual(['n1', 'n2', 'n3']);
  expect(await browser.evaluate(seen('.failure pre'))).toEqual([
    'loading <b>tables</b> & views load: cannot open /srv/tables: No such file or directory',
  ]);
  expect(await browser.evaluate<number>(`${seen('.host > summary rect.waiting')}.length`)).toBe(2);
  expect(await browser.evaluate<number>(`${seen('.host > summary rect.failed')}.length`)).toBe(1);
  expect(await browser.evaluate(`${seen('.graph .role')}.length`)).toBe(6);
  expect(await browser.evaluate(OVERFLOWING)).toEqual([]);
  const image = await browser.screenshot();
  mkdirSync('.test-results', { recursive: true });
  writeFileSync(`.test-results/report-${view.width}-${view.colors}.png`, image);
  expect(image.length).toBeGreaterThan(20_000);

  await browser.evaluate(OPEN_ALL);
  expect(await browser.evaluate(OVERFLOWING)).toEqual([]);
  expect(await browser.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(view.width);
  expect(await browser.evaluate<string[]>(seen('.added'))).toContain('+PermitRootLogin no');
});

test('bars stand where their times are', async () => {
  await open(recorded, VIEWS[0]!);
  const [first, last, width] = await browser.evaluate<[number, number, number]>(`(() => {
    const lane = document.querySelectorAll('.host > summary .lane')[1].getBoundingClientRect();
    const waiting = document.querySelectorAll('.host > summary rect.waiting')[0].getBoundingClientRect();
    return [waiting.left - lane.left, waiting.right - lane.left, lane.width];
  })()`);
  const { hosts, durationMs } = reportOf(recordedEvents());
  const wait = hosts[1]!.waits[0]!;
  expect(first / width).toBeCloseTo(wait.from / durationMs, 2);
  expect(last / width).toBeCloseTo(wait.to / durationMs, 2);
});

test('filters, and opens what a link leads to', async () => {
  await open(recorded, VIEWS[0]!);
  await browser.evaluate(`(() => {
    const input = document.querySelector('input');
    input.value = 'chrony.conf';
    input.dispatchEvent(new Event('input'));
  })()`);
  expect(await browser.evaluate(seen('#changes .change > summary code'))).toEqual([
    'time/file:/etc/chrony/chrony.conf',
    'time/file:/etc/chrony/chrony.conf',
  ]);
  await browser.evaluate(`document.querySelector('.host[open] a').click()`);
  expect(await browser.evaluate<boolean>(`document.querySelector(':target').open`)).toBe(true);
});

test('says the same where scripts are off', async () => {
  await browser.setScripts(false);
  await open(recorded, VIEWS[0]!);
  expect(await browser.evaluate(seen('.host > summary b'))).toEqual(['n1', 'n2', 'n3']);
  expect(await browser.evaluate(seen('nav input'))).toEqual([]);
  await browser.setScripts(true);
});

test('300 hosts with 5,100 changes stay usable, and markup that machines print stays text', async () => {
  const large = join(directory, 'large.html');
  writeFileSync(large, reportPage(reportOf(largeRun(300, 17))));
  for (const view of [VIEWS[0]!, VIEWS[2]!]) {
    await open(large, view);
    expect(await browser.evaluate<number>(`${seen('.host > summary')}.length`)).toBe(300);
    expect(await browser.evaluate(`[window.pwned ?? null, document.images.length, document.scripts.length]`)).toEqual([
      null,
      0,
      1,
    ]);
    expect(await browser.evaluate(OVERFLOWING)).toEqual([]);
  }
});
