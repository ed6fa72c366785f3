import { expect, it } from 'vitest';
import { rolesMentioningSecrets } from './secret-need.ts';

const texts = (files: Record<string, string>) => new Map(Object.entries(files).map(([path, text]) => [path, { text }]));

it.each<[string, Record<string, string>, Record<string, string>, string[]]>([
  ['none', { 'a/role.ts': 'steps', 'b/role.ts': 'steps' }, { 'os/x.hbs': '{{x}} secret' }, []],
  ['its code', { 'a/role.ts': "cluster.secret('x')", 'b/role.ts': 'steps' }, {}, ['a']],
  ['its variables', { 'a/role.ts': 'secretText()', 'b/role.ts': 'steps' }, {}, ['a']],
  ['its template', { 'a/role.ts': 'steps', 'a/templates/x.hbs': '{{secret "x"}}' }, {}, ['a']],
  ['a file that roles share', { 'a/role.ts': 'steps', 'b/role.ts': 'steps', '_shared/x.ts': 'hasSecret' }, {}, ['a', 'b']],
  ['a template in the place of one', {}, { 'os/x.hbs': '{{quote (secret "x")}}' }, ['os']],
  ['a text beside the roles is no part of them', { 'a/role.ts': 'steps', 'README.md': 'no secrets here' }, {}, []],
])('roles that may use secrets: %s', (_name, roles, templates, expected) => {
  expect(rolesMentioningSecrets(['os', 'a', 'b'], { roles: texts(roles), templates: texts(templates) })).toEqual(expected);
});
