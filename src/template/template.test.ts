import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Secret } from '#src/secrets/secret.ts';
import { maskContent, revealContent, secretsOf } from './content.ts';
import { secretNamesIn } from './secret-names.ts';
import { template } from './template.ts';
import { yamlContent } from './yaml.ts';

let directory: string;
let moduleUrl: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-template-'));
  mkdirSync(join(directory, 'templates'));
  moduleUrl = pathToFileURL(join(directory, 'role.ts')).href;
});
afterAll(() => rmSync(directory, { recursive: true }));

let count = 0;
function render(text: string, values: object) {
  const name = `t${++count}.hbs`;
  writeFileSync(join(directory, 'templates', name), text);
  return template(moduleUrl, name)(values);
}

describe('template', () => {
  it('renders without escaping, with sections and helpers', () => {
    const text = '{{#each hosts}}{{name}}={{quote address}}\n{{/each}}{{json tags}}\n{{indent 2 text}}';
    const values = { hosts: [{ name: 'a&b', address: "it's" }], tags: { a: [1, 'x'] }, text: 'one\n\ntwo' };
    expect(render(text, values)).toBe(`a&b='it'\\''s'\n{"a":[1,"x"]}\n  one\n\n  two`);
  });

  it('keeps secrets as secrets, also through helpers', () => {
    const token = new Secret('pa"ss\nword', 'token');
    const content = render('a={{token}} b={{quote token}} c={{json all}} d={{indent 2 token}}\n{{yaml all}}\n', {
      token,
      all: { token, n: 1 },
    });
    expect(maskContent(content)).toBe('a=*** b=*** c={"token":***,"n":1} d=***\ntoken: ***\nn: 1\n');
    expect(revealContent(content)).toBe(
      `a=pa"ss\nword b='pa"ss\nword' c={"token":"pa\\"ss\\nword","n":1} d=  pa"ss\n  word\ntoken: "pa\\"ss\\nword"\nn: 1\n`,
    );
    expect(secretsOf(content).map(({ label }) => label)).toEqual(Array(5).fill('token'));
  });

  it('names file, line and the variable that is not given', () => {
    expect(() => render('one\n{{nope}}\n', {})).toThrow(/template t\d+\.hbs:2: the variable nope is not given/);
    expect(() => render('{{host.nope}}', { host: {} })).toThrow(/t\d+\.hbs:1: the variable nope is not given/);
    expect(() => render('\n{{#each nope}}x{{/each}}', {})).toThrow(/t\d+\.hbs:2: what {{each}} is used on is not given/);
    expect(() => render('{{quote nope}}', {})).toThrow(/t\d+\.hbs:1/);
    expect(render('{{#if nope}}x{{/if}}', {})).toBe('');
    expect(() => render('{{#if}', {})).toThrow(/template t\d+\.hbs: /);
  });

  it('says where it looked when there is no such template', () => {
    expect(() => template(moduleUrl, 'missing.hbs')({})).toThrow(
      'there is no template missing.hbs beside role.ts or in templates/',
    );
  });
});

describe('yamlContent', () => {
  it('keeps the order of keys, folds no line, repeats what is used twice', () => {
    const shared = { a: 1 };
    const text = yamlContent({ z: shared, a: shared, long: 'word '.repeat(60).trim(), on: 'yes', empty: '' });
    expect(text).toBe(`z:\n  a: 1\na:\n  a: 1\nlong: ${'word '.repeat(60).trim()}\non: yes\nempty: ""\n`);
  });

  it('writes secrets such that YAML reads them back, whatever they hold', () => {
    const values = [
      'plain',
      'a: b # c',
      '- x',
      "it's",
      '"q"',
      'two\nlines\n',
      '\u2028',
      '*x',
      '!y',
      'ä',
      '\t',
      'true',
      '123',
      '%',
    ];
    const content = yamlContent({ list: values.map((value) => new Secret(value)), map: { a: new Secret('x: y') } });
    expect(parse(revealContent(content))).toEqual({ list: values, map: { a: 'x: y' } });
    expect(maskContent(content)).not.toContain('plain');
  });
});

describe('an override', () => {
  const overrides = (text: string) => new Map([['o.hbs', { file: 'templates/role/o.hbs', text }]]);
  beforeAll(() => writeFileSync(join(directory, 'templates', 'o.hbs'), 'own {{x}}'));

  it('stands in the place of the template, for this rendering only', () => {
    const render = template(moduleUrl, 'o.hbs');
    expect(render({ x: 1 }, overrides('other {{x}}'))).toBe('other 1');
    expect(render({ x: 1 })).toBe('own 1');
    expect(render({ x: 2 }, overrides('third {{x}}'))).toBe('third 2');
  });

  it('is named by its own file when it is wrong', () => {
    expect(() => template(moduleUrl, 'o.hbs')({ x: 1 }, overrides('\n{{y}}'))).toThrow(
      'template templates/role/o.hbs:2: the variable y is not given',
    );
  });
});

describe('{{secret}}', () => {
  const token = new Secret('pa"ss', 'k3s.token');
  const given = {
    get: () => undefined,
    secret(path: string) {
      if (path === 'k3s/token') return token;
      throw new Error(`there is no secret "${path}"`);
    },
  };
  const overrideBy = (text: string) => ({ ...given, get: () => ({ file: 'templates/role/o.hbs', text }) });
  const render = template(moduleUrl, 'o.hbs');

  it('is a secret in the content, also through other helpers', () => {
    const content = render(
      {},
      overrideBy('a={{secret "k3s/token"}} b={{quote (secret "k3s/token")}} {{#if (secret "k3s/token")}}c{{/if}}'),
    );
    expect(maskContent(content)).toBe('a=*** b=*** c');
    expect(revealContent(content)).toBe(`a=pa"ss b='pa"ss' c`);
  });

  it.each([
    ['{{secret "nope"}}', 'template templates/role/o.hbs: there is no secret "nope"'],
    ['{{secret}}', 'template templates/role/o.hbs: {{secret}} takes the name of a secret in quotes'],
    ['{{secret name}}', 'template templates/role/o.hbs: {{secret}} takes the name of a secret in quotes'],
  ])('%s', (text, message) => {
    expect(() => render({ name: 5 }, overrideBy(text))).toThrow(message);
  });

  it('needs what the role is given', () => {
    const text = '{{secret "k3s/token"}}';
    const overrides = new Map([['o.hbs', { file: 'templates/role/o.hbs', text }]]);
    expect(() => render({}, overrides)).toThrow('renders it without its `templates`');
  });

  it('names are known before anything is rendered', () => {
    const text =
      'a\n {{secret "k3s/token"}}{{#each x}}{{quote (secret \'b.c\')}}{{/each}}{{secret d}}{{d.secret}}{{! secret "e" }}\n';
    expect(secretNamesIn(text)).toEqual([
      { name: 'k3s/token', line: 2, column: 2 },
      { name: 'b.c', line: 2, column: 43 },
      { name: undefined, line: 2, column: 68 },
    ]);
    expect(secretNamesIn('{{#if}')).toEqual([]);
  });
});
