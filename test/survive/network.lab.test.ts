import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { requireState } from '#lab/machines/index.ts';
import { HttpServer } from '../support/http-server.ts';
import { Trial } from '../support/trial.ts';

/** Names that nobody resolves, and servers that send something else than was asked for. */
const NAME = 'artifacts.example.com';
const PATH = '/opt/trial/tool';
const TOOL = randomBytes(3_000_000);
const SHA256 = createHash('sha256').update(TOOL).digest('hex');
let trial: Trial;
let server: HttpServer;
let gateway: string;
let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'picluster-network-'));
  trial = await Trial.up('network', ['w1'], { artifacts: { cache: join(temporary, 'cache') } });
  gateway = (await requireState(trial.lab)).gateway;
  server = await HttpServer.listen(gateway);
  // what the lab keeps for machines made later would need no name
  await trial.on('w1', 'cp /etc/resolv.conf /root/resolv.conf; rm -f /var/cache/apt/archives/*.deb');
});
beforeEach(async () => {
  await rm(join(temporary, 'cache'), { recursive: true, force: true });
  await trial.on('w1', 'rm -rf /opt/trial');
  server.pages.set('/tool', { body: TOOL });
});
afterAll(async () => {
  await server?.close();
  await trial?.erase();
  await rm(temporary, { recursive: true, force: true });
});

const url = (host: string) => `http://${host}:${server.port}/tool`;
const wantTool = (host: string) =>
  trial.want({ directories: ['/opt/trial'], downloads: [{ path: PATH, urls: [url(host)], sha256: SHA256 }] });

const withoutDns = () => trial.on('w1', 'echo nameserver 127.0.0.1 >/etc/resolv.conf');
const withDns = () => trial.on('w1', 'cat /root/resolv.conf >/etc/resolv.conf');

/** picluster runs where names are what the given hosts file says, and there is no name server. */
async function hereNamesAre(hosts: string): Promise<void> {
  const [hostsFile, resolv] = [join(temporary, 'hosts'), join(temporary, 'resolv.conf')];
  await writeFile(hostsFile, `127.0.0.1 localhost\n${hosts}\n`);
  await writeFile(resolv, 'nameserver 127.0.0.1\n');
  const mounts = `mount --bind ${hostsFile} /etc/hosts && mount --bind ${resolv} /etc/resolv.conf && exec "$@"`;
  trial.cli.wrapper = ['unshare', '--mount', 'sh', '-c', mounts, 'sh'];
}

const cached = () =>
  readdir(join(temporary, 'cache'), { recursive: true, withFileTypes: true }).then(
    (entries) => entries.filter((entry) => entry.isFile()).map(({ name }) => name),
    () => [],
  );

async function expectTool(): Promise<void> {
  expect(await trial.on('w1', `sha256sum <${PATH}; ls -A /opt/trial`)).toBe(`${SHA256}  -\ntool`);
}
const expectNothing = async () => expect(await trial.on('w1', 'ls -A /opt/trial')).toBe('');

test('a package while the machine cannot resolve names', async () => {
  await withoutDns();
  // apt would ask four times, and wait longer each time
  await trial.on('w1', `echo 'Acquire::Retries "0";' >/etc/apt/apt.conf.d/99trial`);
  await trial.want({ packages: ['tree'] });
  const { exitCode, all } = await trial.apply();
  expect(all).toMatch(/the name \S+ cannot be resolved: DNS does not work on w1/);
  expect(all).toMatch(/the machine said:\n(?:.*\n)*.*(?:resolving|resolve) '/);
  expect(all).toMatch(/next: look there at \/etc\/resolv\.conf, and try: getent hosts /);
  expect(exitCode).toBe(70);
  await withDns();
  await trial.expectConverges();
});

test('a download while the machine cannot resolve names comes from here; when nobody can, both say so', async () => {
  await withoutDns();
  await hereNamesAre('');
  await wantTool(NAME);
  const { exitCode, all } = await trial.apply();
  expect(all).toMatch(/Could not resolve host: artifacts\.example\.com|w1 has no way out/);
  expect(all).toContain('tool cannot be fetched');
  expect(all).toMatch(/this machine cannot resolve the name artifacts\.example\.com \(DNS: E/);
  expect(exitCode).toBe(70);
  await expectNothing();

  await hereNamesAre(`${gateway} ${NAME}`);
  const again = await trial.apply();
  expect(again.all).toContain('w1 has no way out: pushing tool from here');
  expect(again.exitCode, again.all).toBe(0);
  await trial.expectConverges();
  await expectTool();
  trial.cli.wrapper = [];
  await withDns();
});

test.each([
  ['cut short', () => TOOL.subarray(0, 1_000_000)],
  ['altered', () => Buffer.concat([TOOL.subarray(0, -1), Buffer.from([TOOL.at(-1)! ^ 1])])],
])('a mirror serves the file %s: the machine refuses it; so does this one, and keeps nothing of it', async (_, wrong) => {
  const body = wrong();
  const got = createHash('sha256').update(body).digest('hex');
  server.pages.set('/tool', { body });
  await wantTool(gateway);
  const { exitCode, all } = await trial.apply();
  expect(all).toContain(`wrong checksum from ${url(gateway)}: wanted sha256 ${SHA256}, got ${got} (${body.length} bytes)`);
  expect(exitCode).toBe(70);
  await expectNothing();

  await hereNamesAre(`${gateway} ${NAME}`);
  await wantTool(NAME);
  const here = await trial.apply();
  expect(here.all).toContain(`wrong checksum of ${url(NAME)}`);
  expect(here.all).toMatch(new RegExp(`expected ${SHA256}\\n.*got      ${got} \\(${body.length} bytes\\)`));
  expect(here.exitCode).toBe(70);
  await expectNothing();
  expect(await cached()).toEqual([]);

  server.pages.set('/tool', { body: TOOL });
  await trial.expectConverges();
  await expectTool();
  trial.cli.wrapper = [];
});

test('a server that hangs up in the middle is told with how far it came', async () => {
  server.pages.set('/tool', { body: TOOL, cut: true });
  await wantTool(gateway);
  const { exitCode, all } = await trial.apply();
  expect(all).toMatch(/http:\S+\/tool: cut off after \d+ of 3000000 bytes/);
  expect(exitCode).toBe(70);
  await expectNothing();
  expect(await cached()).toEqual([]);
  server.pages.set('/tool', { body: TOOL });
  // of an upload whose machine lost its power
  await trial.on('w1', 'touch /opt/trial/.tool.picluster-0123abcd');
  await trial.expectConverges();
  await expectTool();
});

test('a download that there is no room for: the disk is blamed, not the server', async () => {
  await trial.on('w1', 'mkdir -p /opt/trial; mount -t tmpfs -o size=1m none /opt/trial');
  await wantTool(gateway);
  const { exitCode, all } = await trial.apply();
  expect(all).toMatch(/no space left on \/opt\/trial \(tmpfs\) of w1: 1\.0 MiB of 1\.0 MiB are free, which is too little/);
  expect(all).not.toContain('not reachable');
  expect(exitCode).toBe(70);
  await expectNothing();
  await trial.on('w1', 'mount -o remount,size=8m /opt/trial');
  await trial.expectConverges();
  await expectTool();
  await trial.on('w1', 'umount /opt/trial');
});

test('a machine whose name is not known here is told from one that is off', async () => {
  const file = join(trial.cli.cluster, 'hosts.yaml');
  const before = await readFile(file, 'utf8');
  const { hosts } = parse(before);
  const { address } = hosts.w1;
  hosts.w1.address = 'w1.example.com';
  await writeFile(file, stringify({ hosts }));
  await hereNamesAre('');
  const { exitCode, all } = await trial.apply();
  expect(all).toMatch(/cannot reach w1 at w1\.example\.com:22: E(?:NOTFOUND|AI_AGAIN)/);
  expect(all).toContain('next: the name w1.example.com is not known here: correct "address" in hosts.yaml, or the DNS');
  expect(exitCode).toBe(69);
  await hereNamesAre(`${address} w1.example.com`);
  await trial.expectConverges();
  await writeFile(file, before);
  trial.cli.wrapper = [];
});
