import { describe, expect, it } from 'vitest';
import { roleGraphOf } from '#src/engine/role-graph.ts';
import { type DrawnStep, mermaidRoles, mermaidSteps } from './mermaid.ts';

const drawn = (ref: string, after: string[] = [], more: Partial<DrawnStep> = {}): DrawnStep => {
  const [, role = '', name = '', host = ''] = /^([^/]+)\/(.+)@(.+)$/.exec(ref) ?? [];
  return { ref, role, name, host, after, ...more };
};

const STEPS = [
  drawn('os/a@n1'),
  drawn('os/b@n1', ['os/a@n1']),
  drawn('k3s/conf@n1', ['os/b@n1']),
  drawn('k3s/started@n1', ['k3s/conf@n1'], { restartOn: ['k3s/conf@n1'], pool: 'etcd' }),
  drawn('agent/started@n2', ['k3s/started@n1', 'os/not-chosen@n3']),
];

describe('Mermaid text', () => {
  it('draws a box a role and host, an arrow for each pair, thick ones between hosts', () => {
    expect(mermaidRoles(roleGraphOf(STEPS)).split('\n')).toEqual([
      'flowchart TD',
      '  subgraph h0["n1"]',
      '    direction TB',
      '    s0["os (2)"]',
      '    s1[["k3s (2)<br/>pool: etcd"]]',
      '  end',
      '  subgraph h1["n2"]',
      '    direction TB',
      '    s2["agent (1)"]',
      '  end',
      '  s0 --> s1',
      '  s1 ==> s2',
      '',
    ]);
  });

  it('draws every step on request, dotted where a change starts a service anew', () => {
    const text = mermaidSteps(STEPS);
    expect(text).toContain('s0["os/a"]');
    expect(text.split('\n').filter((line) => />/.test(line) && !/\[/.test(line))).toEqual([
      '  s0 --> s1',
      '  s1 --> s2',
      '  s2 -.-> s3',
      '  s3 ==> s4',
    ]);
  });

  it('keeps what means something to Mermaid out of its labels', () => {
    const text = mermaidSteps([drawn('os/say "<b>#1</b> & end"@n1')]);
    expect(text).toContain('["os/say #34;#60;b#62;#35;1#60;/b#62; #38; end#34;"]');
  });
});
