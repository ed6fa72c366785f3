import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseRecords } from '#src/engine/observe.ts';
import { streamScript } from '#src/engine/stream.ts';
import { Secret } from '#src/secrets/secret.ts';
import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { command } from './command.ts';
import { directory } from './directory.ts';
import { download } from './download.ts';
import { file } from './file.ts';
import { hostsEntries } from './hosts-entries.ts';
import { type Apply, type Change, NO_WAY_OUT, type Resource } from './kind.ts';
import { line } from './line.ts';
import { symlink } from './symlink.ts';
import { debian } from './test-facts.ts';

const prelude = rawScript(readFileSync(new URL('../shell/prelude.sh', import.meta.url), 'utf8'));
const me = { owner: userInfo().username, group: spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim() };

/** Shells with their programs: `busybox` has nothing but its own applets; it fetches with wget. */
const shells: Record<string, { argv: string[]; path?: string }> = {
  dash: { argv: ['dash'] },
  bash: { argv: ['bash'] },
  busybox: { argv: ['busybox', 'sh'], path: 'applets' },
};

// Many processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 60_000 });

let applets: string;
let root: string;

beforeAll(() => {
  applets = mkdtempSync(join(tmpdir(), 'picluster-applets-'));
  const list = spawnSync('busybox', ['--list'], { encoding: 'utf8' }).stdout.trim().split('\n');
  for (const applet of list) symlinkSync(applet === 'wget' ? '/usr/bin/wget' : '/bin/busybox', join(applets, applet));
});
afterAll(() => rmSync(applets, { recursive: true }));
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "picluster it's "));
});
afterEach(() => rmSync(root, { recursive: true }));

describe.each(Object.entries(shells))('%s', (_, shell) => {
  const environment = () => ({
    ...process.env,
    LC_ALL: 'C.UTF-8',
    known_sums_file: join(root, 'sums'),
    ...(shell.path ? { PATH: applets } : {}),
  });

  const start = (script: Script) => {
    const [program = '', ...argv] = shell.argv;
    const child = spawn(program === 'busybox' ? '/bin/busybox' : program, [...argv, '-c', joinScripts([prelude, script]).text], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    return child;
  };

  async function run(script: Script): Promise<{ stdout: string; stderr: string; code: number | null }> {
    const child = start(script);
    const chunks: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.on('data', (chunk: Buffer) => {
        chunks[name] += chunk;
      });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { ...chunks, code };
  }

  async function observe<Spec, State>(resources: readonly Resource<Spec, State>[]): Promise<State[]> {
    const [first] = resources;
    if (!first) return [];
    const reply = await run(
      first.kind.probe(
        resources.map(({ spec }) => spec),
        debian,
      ),
    );
    expect(reply.stderr).toBe('');
    const records = parseRecords(reply.stdout);
    expect(records).toHaveLength(resources.length);
    return records.map((record) => first.kind.parse(record));
  }

  const applyScript = (apply: Apply) => streamScript([apply], 'mark');

  async function applyOnce(apply: Apply): Promise<{ code: number; output: string }> {
    const { stdout } = await run(applyScript(apply));
    return { code: Number(/mark end 0 (\d+)/.exec(stdout)?.[1]), output: stdout };
  }

  async function change<Spec, State>(resource: Resource<Spec, State>): Promise<Change | undefined> {
    const [state] = await observe([resource]);
    return resource.kind.diff(resource.spec, state as State, debian);
  }

  /** Applies; then there is nothing left to do, and a second apply of the same leaves the same. */
  async function converge<Spec, State>(resource: Resource<Spec, State>): Promise<Change | undefined> {
    const [before] = await observe([resource]);
    const apply = resource.kind.apply(resource.spec, before as State, debian);
    const first = await applyOnce(apply);
    expect(first, first.output).toMatchObject({ code: 0 });
    const [after] = await observe([resource]);
    expect(resource.kind.diff(resource.spec, after as State, debian)).toBeUndefined();
    return resource.kind.diff(resource.spec, before as State, debian);
  }

  async function refused<Spec, State>(resource: Resource<Spec, State>): Promise<string> {
    const [before] = await observe([resource]);
    const { code, output } = await applyOnce(resource.kind.apply(resource.spec, before as State, debian));
    expect(code).not.toBe(0);
    return output;
  }

  const at = (name: string) => join(root, name);
  const text = (name: string) => readFileSync(at(name), 'utf8');

  describe('file', () => {
    it('is created, repaired and removed', async () => {
      const content = `it's "quoted" $HOME \`x\` \\n\n\ttabs, ümlauts\n\n`;
      const wanted = file({ path: at('a file'), content, mode: 0o640, ...me });
      expect(await converge(wanted)).toMatchObject({ action: 'create' });
      expect(text('a file')).toBe(content);
      chmodSync(at('a file'), 0o666);
      expect(await converge(wanted)).toEqual({ action: 'update', fields: [{ field: 'mode', before: '666', after: '640' }] });
      writeFileSync(at('a file'), 'other');
      expect(await converge(wanted)).toEqual({ action: 'update', fields: [{ field: 'content' }] });
      expect(await converge(file({ path: at('a file'), state: 'absent' }))).toMatchObject({ action: 'delete' });
      expect(readdirSync(root)).toEqual([]);
    });

    it('may be empty, and end without a newline', async () => {
      await converge(file({ path: at('empty'), content: '', ...me }));
      await converge(file({ path: at('bare'), content: 'no newline', ...me }));
      expect([text('empty'), text('bare')]).toEqual(['', 'no newline']);
    });

    it('holds a secret, 0600', async () => {
      const wanted = file({ path: at('token'), content: ['token: ', new Secret("pa'ss\nword")], ...me });
      const planned = await converge(wanted);
      expect(text('token')).toBe("token: pa'ss\nword");
      expect(lstatSync(at('token')).mode & 0o777).toBe(0o600);
      expect(planned?.diff).toBe('content (secret)');
    });

    it('replaces a symlink, even one to a directory, and leaves what it points to', async () => {
      mkdirSync(at('dir'));
      symlinkSync(at('dir'), at('link'));
      await converge(file({ path: at('link'), content: 'x', ...me }));
      expect(lstatSync(at('link')).isFile()).toBe(true);
      expect(readdirSync(at('dir'))).toEqual([]);
    });

    it('never replaces a directory', async () => {
      mkdirSync(at('dir'));
      expect(await refused(file({ path: at('dir'), content: 'x', ...me }))).toContain('is a directory');
      expect(await refused(file({ path: at('dir'), state: 'absent' }))).toContain('is a directory');
      expect(lstatSync(at('dir')).isDirectory()).toBe(true);
    });

    it('stays as it was when the check of the candidate fails', async () => {
      writeFileSync(at('sudoers'), 'good');
      const validate = sh`grep -q good "$candidate"`;
      await refused(file({ path: at('sudoers'), content: 'bad', ...me, validate }));
      expect(text('sudoers')).toBe('good');
      expect(readdirSync(root)).toEqual(['sudoers']);
      await converge(file({ path: at('sudoers'), content: 'also good', ...me, validate }));
    });

    it('stays as it was when the content does not arrive whole', async () => {
      writeFileSync(at('f'), 'old');
      const { kind, spec } = file({ path: at('f'), content: 'new text', ...me });
      const [state] = await observe([{ type: 'resource' as const, kind, spec }]);
      const { output } = await applyOnce({ ...kind.apply(spec, state as never, debian), stdin: 'new' });
      expect(output).toContain('did not arrive whole');
      expect(text('f')).toBe('old');
    });

    it('is whole or untouched when its apply is killed, and the next run leaves nothing behind', async () => {
      writeFileSync(at('f'), 'old');
      const wanted = file({ path: at('f'), content: 'new', ...me, validate: sh`: >${at('reached')}; sleep 60` });
      const child = start(applyScript(wanted.kind.apply(wanted.spec, (await observe([wanted]))[0] as never, debian)));
      const closed = new Promise((resolve) => child.on('close', resolve));
      await expect.poll(() => existsSync(at('reached')), { timeout: 5000 }).toBe(true);
      process.kill(-(child.pid as number), 'SIGKILL');
      await closed;
      expect(text('f')).toBe('old');
      expect(readdirSync(root).filter((name) => name.startsWith('.picluster.'))).toHaveLength(1);
      await converge(file({ path: at('f'), content: 'new', ...me }));
      expect(readdirSync(root).sort()).toEqual(['f', 'reached']);
    });

    it('shows its old text; of what is binary or large, sizes and digests', async () => {
      writeFileSync(at('text'), 'one\ntwo\n\n');
      writeFileSync(at('binary'), Buffer.from([0, 1, 2, 0x1e, 0x1f]));
      writeFileSync(at('large'), 'x'.repeat(70_000));
      const files = ['text', 'none', 'binary', 'large'].map((name) => file({ path: at(name), content: 'one\nnew\n', ...me }));
      const kind = file.kind;
      const records = parseRecords((await run(kind.detail?.(files.map(({ spec }) => spec)) as Script)).stdout);
      const diffs = files.map(({ spec }, index) => kind.explain?.(spec, records[index]?.[0] ?? ''));
      expect(diffs[0]).toBe(`--- ${at('text')}\n+++ ${at('text')}\n@@ -1,3 +1,2 @@\n one\n-two\n-\n+new\n`);
      expect(diffs[1]).toContain('--- /dev/null');
      const after = '8 bytes, sha256 dcfe46e53d42\n';
      expect(diffs.slice(2)).toEqual([
        `not shown, as it is big or no text: 5 bytes, sha256 f7f0efecf8a3 -> ${after}`,
        `not shown, as it is big or no text: 70000 bytes, sha256 bca09f4a757d -> ${after}`,
      ]);
    });
  });

  it('directory: created with parents, repaired, removed', async () => {
    const wanted = directory({ path: at('a/b c'), mode: 0o750, ...me });
    expect(await converge(wanted)).toMatchObject({ action: 'create' });
    chmodSync(at('a/b c'), 0o700);
    expect(await converge(wanted)).toMatchObject({ fields: [{ field: 'mode', before: '700', after: '750' }] });
    writeFileSync(at('a/b c/file'), '');
    await refused(directory({ path: at('a'), state: 'absent' }));
    await refused(directory({ path: at('a/b c/file'), ...me }));
    expect(await converge(directory({ path: at('a'), state: 'absent', purge: true }))).toMatchObject({
      destructive: 'with everything in it',
    });
    expect(readdirSync(root)).toEqual([]);
  });

  it('symlink: created, turned, removed; never over a directory', async () => {
    mkdirSync(at('one'));
    mkdirSync(at('two'));
    await converge(symlink({ path: at('link'), target: 'one' }));
    expect(await converge(symlink({ path: at('link'), target: 'two' }))).toMatchObject({
      fields: [{ field: 'target', before: 'one', after: 'two' }],
    });
    expect(readlinkSync(at('link'))).toBe('two');
    expect(await refused(symlink({ path: at('one'), target: 'two' }))).toContain('is a directory');
    await converge(symlink({ path: at('link'), state: 'absent' }));
    expect(readdirSync(root).sort()).toEqual(['one', 'two']);
    expect(readdirSync(at('two'))).toEqual([]);
  });

  it('line: replaced, added at its place, removed', async () => {
    writeFileSync(at('conf'), '# a comment\nKey old\nOther \\ value\nKey older', { mode: 0o600 });
    const match = '^[[:space:]]*Key[[:space:]]';
    expect(await converge(line({ path: at('conf'), match, line: 'Key "new" \\d' }))).toMatchObject({
      fields: [{ before: 'Key old\nKey older', after: 'Key "new" \\d' }],
    });
    expect(text('conf')).toBe('# a comment\nKey "new" \\d\nOther \\ value\n');
    await converge(line({ path: at('conf'), line: 'First', insert: 'top' }));
    await converge(line({ path: at('conf'), line: 'after other', insert: { after: '^Other' } }));
    await converge(line({ path: at('conf'), line: 'before key', insert: { before: '^Key' } }));
    await converge(line({ path: at('conf'), line: 'last', insert: { after: 'no such' } }));
    expect(text('conf')).toBe('First\n# a comment\nbefore key\nKey "new" \\d\nOther \\ value\nafter other\nlast\n');
    await converge(line({ path: at('conf'), state: 'absent', match: '^(First|last|#)' }));
    await converge(line({ path: at('conf'), state: 'absent', line: 'before key' }));
    expect(text('conf')).toBe('Key "new" \\d\nOther \\ value\nafter other\n');
    expect(lstatSync(at('conf')).mode & 0o777).toBe(0o600);
    await refused(line({ path: at('missing'), line: 'x' }));
    await converge(line({ path: at('missing'), line: 'x', create: true, mode: 0o640 }));
    expect([text('missing'), lstatSync(at('missing')).mode & 0o777]).toEqual(['x\n', 0o640]);
    expect(await change(line({ path: at('nowhere'), state: 'absent', line: 'x' }))).toBeUndefined();
  });

  it('hosts-entries: a block that leaves the rest alone', async () => {
    writeFileSync(at('hosts'), '127.0.0.1\tlocalhost\n');
    const entries = [{ address: '192.0.2.1', names: ['n1.example.com', 'n1'] }];
    expect(await converge(hostsEntries({ path: at('hosts'), entries }))).toMatchObject({ action: 'create' });
    writeFileSync(at('hosts'), `${text('hosts')}192.0.2.9 mine\n`);
    const more = [...entries, { address: '2001:db8::2', names: ['n2'] }];
    expect(await converge(hostsEntries({ path: at('hosts'), entries: more }))).toMatchObject({ action: 'update' });
    expect(text('hosts')).toBe(
      '127.0.0.1\tlocalhost\n# picluster: begin\n192.0.2.1\tn1.example.com n1\n2001:db8::2\tn2\n# picluster: end\n192.0.2.9 mine\n',
    );
    await converge(hostsEntries({ path: at('hosts'), state: 'absent' }));
    expect(text('hosts')).toBe('127.0.0.1\tlocalhost\n192.0.2.9 mine\n');
    writeFileSync(at('hosts'), '# picluster: begin\n192.0.2.1 n1\n');
    expect(await refused(hostsEntries({ path: at('hosts'), entries }))).toContain('must stand there once');
  });

  it('command: runs until its check says done; its input is not in its arguments', async () => {
    const append = command({
      title: 'append',
      run: sh`cat >${at('out')}; exit 0`,
      unless: sh`if [ -s ${at('out')} ]; then exit 0; fi; echo "nothing yet"; cd /; exit 7`,
      stdin: [new Secret('from stdin')],
    });
    expect(await converge(append)).toEqual({ action: 'run', fields: [{ field: 'done', before: 'nothing yet', after: 'yes' }] });
    expect(text('out')).toBe('from stdin');
    await converge(command({ title: 'touch', run: sh`: >${at('made')}`, creates: at('made') }));
    const failing = command({ title: 'fails', run: sh`false; echo unreachable`, unless: sh`no-such-program` });
    expect(await refused(failing)).not.toContain('unreachable');
  });

  describe('download', () => {
    const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    let server: Server;
    let url: string;
    let asked: string[];
    beforeEach(async () => {
      asked = [];
      server = createServer((request, response) => {
        asked.push(request.url ?? '');
        if (request.url === '/hello') response.end('hello');
        else if (request.url === '/other') response.end('something else');
        else response.writeHead(404).end('no');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));
    const wanted = (...paths: string[]) =>
      download({
        path: at('bin/hello'),
        mode: 0o755,
        ...me,
        source: { name: 'hello', sha256, urls: paths.map((path) => url + path) },
      });

    it('is fetched from the first URL that answers', async () => {
      expect(await converge(wanted('/missing', '/hello'))).toMatchObject({ action: 'create' });
      expect([text('bin/hello'), lstatSync(at('bin/hello')).mode & 0o777]).toEqual(['hello', 0o755]);
      chmodSync(at('bin/hello'), 0o600);
      asked = [];
      expect(await converge(wanted('/hello'))).toMatchObject({ fields: [{ field: 'mode' }] });
      expect(asked).toEqual([]);
      expect(readdirSync(at('bin'))).toEqual(['hello']);
    });

    it('remembers a checksum for as long as the file is not touched', async () => {
      await converge(wanted('/hello'));
      expect(text('sums')).toContain(sha256);
      // The remembered sum is believed: a false one would be, too.
      writeFileSync(at('sums'), text('sums').replace(sha256, sha256.replaceAll('2', '3')));
      expect(await change(wanted('/hello'))).toMatchObject({ action: 'update' });
      // Same size, same modification time, other content: the kernel's change time tells.
      const { atime, mtime } = lstatSync(at('bin/hello'));
      writeFileSync(at('bin/hello'), 'HELLO');
      utimesSync(at('bin/hello'), atime, mtime);
      expect(await change(wanted('/hello'))).toMatchObject({
        action: 'update',
        fields: [{ before: expect.stringMatching(/^3733cd977ff8/) }],
      });
    });

    it('says that there is no way out when no URL answers', async () => {
      const { kind, spec } = wanted('/missing');
      const [state] = await observe([wanted('/missing')]);
      const apply = kind.apply(spec, state as never, debian);
      expect(await applyOnce(apply)).toMatchObject({ code: NO_WAY_OUT });
      expect(apply.fallback?.uploads).toMatchObject([{ path: at('bin/hello'), mode: 0o755 }]);
      writeFileSync(at('bin/hello'), 'hello');
      await applyOnce({ script: apply.fallback?.script as Script });
      expect(await change(wanted('/missing'))).toBeUndefined();
    });

    it('ends with a wrong checksum, naming URL, wanted and got; what is there stays', async () => {
      mkdirSync(at('bin'));
      writeFileSync(at('bin/hello'), 'old');
      const output = await refused(wanted('/other', '/hello'));
      expect(output).toContain(`wrong checksum from ${url}/other: wanted sha256 ${sha256}, got `);
      expect([text('bin/hello'), readdirSync(at('bin'))]).toEqual(['old', ['hello']]);
    });
  });

  it('probes 24 files in well under 100 ms', async () => {
    const files = Array.from({ length: 24 }, (_, index) => file({ path: at(`f${index}`), content: 'x', ...me }));
    for (const { spec } of files) writeFileSync(spec.path, 'x');
    await observe(files);
    const times: number[] = [];
    for (let round = 0; round < 10; round++) {
      const startedAt = performance.now();
      await observe(files);
      times.push(performance.now() - startedAt);
    }
    expect(Math.min(...times)).toBeLessThan(100);
  });
});
