import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Cluster, Host } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import { file } from '#src/resource/file.ts';
import { debian } from '#src/resource/test-facts.ts';
import { defineRole } from '#src/role/role.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { Secret } from '#src/secrets/secret.ts';
import { type Content, maskContent, revealContent } from '#src/template/content.ts';
import { template } from '#src/template/template.ts';
import { roleSteps } from './role-steps.ts';

const conf = template(import.meta.url, 'c.hbs');
const role = defineRole({
  name: 'app',
  namespace: 'app',
  vars: z.strictObject({}),
  steps: ({ cluster, templates }) => [
    step(
      file({
        path: '/etc/app',
        content: [cluster.secret('a.b'), ' ', cluster.hasSecret('own') ? 'own ' : '', ...[conf({}, templates)].flat()],
        mode: 0o600,
      }),
    ),
  ],
});

const host = (name: string): Host => ({ name, roles: ['app'], vars: {} }) as unknown as Host;
/** As a loaded cluster is: each host has a value of its own, the cluster as a whole another one. */
const cluster = {
  secret: (path: string, name = 'cluster') => new Secret(`${name} ${path}`, path),
  hasSecret: (path: string, name?: string) => name === 'n2' && path === 'own',
  templates: () => new Map([['c.hbs', { file: 'templates/app/c.hbs', text: '{{quote (secret "c/d")}}' }]]),
} as unknown as Cluster;

it('a role is given the secrets of its host: by its code, and by its templates', () => {
  const contents = ['n1', 'n2'].map((name) => {
    const [only] = roleSteps([role], cluster, host(name), debian as Facts).flatMap(({ list }) => list) as [StepDraft];
    return (only.work as { spec: { content: Content } }).spec.content;
  });
  expect(contents.map(revealContent)).toEqual(["n1 a.b 'n1 c/d'", "n2 a.b own 'n2 c/d'"]);
  expect(contents.map(maskContent)).toEqual(['*** ***', '*** own ***']);
});

it('a secret in a file that others may read is refused in words', () => {
  const open = defineRole({
    ...role,
    steps: ({ cluster }) => [step(file({ path: '/etc/open', content: [cluster.secret('a')], mode: 0o644 }))],
  });
  expect(() => roleSteps([open], cluster, host('n1'), debian as Facts)).toThrow(
    /^role app failed for n1: mode: a file with a secret is 0600 or stricter$/,
  );
});
