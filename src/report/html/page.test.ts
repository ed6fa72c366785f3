import { describe, expect, it } from 'vitest';
import { reportOf } from '../report-of.ts';
import { largeRun } from '../testing/large.ts';
import { recordedEvents } from '../testing/recorded.ts';
import { html } from './html.ts';
import { reportPage } from './page.ts';

describe('html', () => {
  it('escapes every value, in text and in attributes', () => {
    const evil = `<a href="x" onclick='y'>&`;
    expect(html`<p title="${evil}">${evil}${[html`<b>${evil}</b>`, 1, undefined, false]}</p>`.text).toBe(
      '<p title="&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;">&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;<b>&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;</b>1</p>',
    );
  });

  it('keeps out what is meant for a terminal', () => {
    expect(html`${'\u001b[31mred\u001b[0m\u0000\ttab\n'}`.text).toBe('red\ufffd\ttab\n');
  });
});

describe('the page of a run', () => {
  const page = reportPage(reportOf(recordedEvents()));

  it('says what happened: result, hosts, failure with its output and hint, what was not reached', () => {
    for (const said of [
      'apply of home',
      'operator@workstation',
      '<h3>site/load on n3</h3>',
      'load: cannot open /srv/tables: No such file or directory',
      'mend what the machine said and run again',
      'site/load@n3 failed',
      'waits for site/index@n1',
      'flowchart TD',
    ])
      expect(page).toContain(said);
  });

  it('shows equal changes of several hosts once', () => {
    const summary = page.match(/<summary><code>os\/locale:locale<\/code>.*?<\/summary>/gs);
    expect(summary).toHaveLength(1);
    expect(summary?.[0]).toContain('n1, n2, n3');
  });

  it('shows what a hook printed, as text', () => {
    const hook = { hook: 'after os', on: 'control', status: 'failed', exitCode: 3, durationMs: 5 } as const;
    const stamp = { v: 1, seq: 0, at: '2026-01-01T00:00:00.000Z' } as const;
    const ended = reportPage(reportOf([{ ...stamp, type: 'hook.end', host: 'n1', ...hook, output: 'no <pager>' }]));
    expect(ended).toContain('<pre tabindex="0">no &lt;pager&gt;</pre>');
    expect(reportPage(reportOf([{ ...stamp, type: 'hook.end', host: 'n1', ...hook, output: '' }]))).not.toContain('<pre');
  });

  it('refers to nothing outside of itself, and every link leads somewhere', () => {
    expect(page).not.toMatch(/(?:src|href)="(?!#|data:)/);
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(20);
    for (const id of new Set(targets)) expect(page).toContain(`id="${id}"`);
  });

  it('stays below 5 MB with 300 hosts, 5,100 changes and a megabyte said, and keeps markup of machines harmless', () => {
    const large = reportPage(reportOf(largeRun(300, 17)));
    expect(large.length).toBeLessThan(5_000_000);
    expect(large.match(/<script/g)).toHaveLength(1);
    expect(large).not.toMatch(/<img|<i>|\u001b/);
    expect(large).toContain('characters are left out here');
  });
});
