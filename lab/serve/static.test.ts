import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileFor, parseRange, serveFile } from './static.ts';

test.each([
  [undefined, 10, undefined],
  ['bytes=0-3', 10, { start: 0, end: 3 }],
  ['bytes=4-', 10, { start: 4, end: 9 }],
  ['bytes=-2', 10, { start: 8, end: 9 }],
  ['bytes=-20', 10, { start: 0, end: 9 }],
  ['bytes=8-99', 10, { start: 8, end: 9 }],
  ['bytes=10-', 10, 'none'],
  ['bytes=-0', 10, 'none'],
  ['bytes=0-1,3-4', 10, undefined],
  ['bytes=5-3', 10, undefined],
  ['bytes=-', 10, undefined],
] as const)('range %s of %i bytes', (header, size, range) => {
  expect(parseRange(header, size)).toEqual(range);
});

test.each([
  ['/a/b.txt', '/srv/a/b.txt'],
  ['/v1+k3s1/k3s', '/srv/v1+k3s1/k3s'],
  ['/v1%2Bk3s1/k3s?x=1', '/srv/v1+k3s1/k3s'],
  ['/../etc/passwd', undefined],
  ['/a/%2e%2e/%2e%2e/etc/passwd', undefined],
  ['/%zz', undefined],
  ['/a%00b', undefined],
])('path %s', (url, path) => {
  expect(fileFor('/srv', url)).toBe(path);
});

let root: string;
let server: Server;
let base: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lab-static-'));
  await mkdir(join(root, 'v1+k3s1'));
  await writeFile(join(root, 'v1+k3s1', 'k3s'), '0123456789');
  await writeFile(join(root, 'empty'), '');
  server = createServer((request, response) => void serveFile(root, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(root, { recursive: true });
});

test('a file comes whole, in part, and as headers alone', async () => {
  const whole = await fetch(`${base}/v1+k3s1/k3s`);
  expect([whole.status, await whole.text(), whole.headers.get('content-length')]).toEqual([200, '0123456789', '10']);
  const part = await fetch(`${base}/v1%2Bk3s1/k3s`, { headers: { range: 'bytes=2-4' } });
  expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10']);
  const head = await fetch(`${base}/v1+k3s1/k3s`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
  expect((await fetch(`${base}/v1+k3s1/k3s`, { headers: { range: 'bytes=10-' } })).status).toBe(416);
  expect(await (await fetch(`${base}/empty`)).text()).toBe('');
});

test('directories, absent files and writes are refused', async () => {
  expect((await fetch(`${base}/v1+k3s1`)).status).toBe(404);
  expect((await fetch(`${base}/nothing`)).status).toBe(404);
  expect((await fetch(`${base}/empty`, { method: 'PUT', body: 'x' })).status).toBe(405);
});
