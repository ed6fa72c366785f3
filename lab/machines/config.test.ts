import { describe, expect, test } from 'vitest';
import { ConfigError } from '#src/errors.ts';
import { parseLabFile } from './config.ts';

test('names alone get the defaults; a node may say more', () => {
  expect(parseLabFile('nodes: [n1, {name: n2, user: root, memory: 2G}]\nmemory: 512M\n', 'lab.yaml')).toEqual([
    { name: 'n1', user: 'admin', image: 'debian', memory: 512 * 2 ** 20 },
    { name: 'n2', user: 'root', image: 'debian', memory: 2 * 2 ** 30 },
  ]);
  expect(parseLabFile('nodes: [n1, {name: n2, image: debian}]\nimage: openrc\n', 'lab.yaml').map(({ image }) => image)).toEqual([
    'openrc',
    'debian',
  ]);
});

describe('mistakes are refused with their place', () => {
  test.each([
    ['nodes: []', 'nodes'],
    ['nodes: [N1]', 'nodes.0'],
    ['nodes: [n1, n1]', 'nodes'],
    ['nodes: [n1]\nnode: n2', ''],
    ['nodes: [{name: n1, memory: lots}]', 'nodes.0.memory'],
    ['nodes: [{name: n1, image: gentoo}]', 'nodes.0'],
    ['nodes: [n1]\nnodes: [n2]', ''],
  ])('%s', (text, path) => {
    let caught: unknown;
    try {
      parseLabFile(text, 'lab.yaml');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ConfigError);
    const [mistake] = (caught as ConfigError).mistakes;
    expect(mistake?.file).toBe('lab.yaml');
    expect(mistake?.line).toBeGreaterThan(0);
    expect(mistake?.path).toBe(path);
  });
});
