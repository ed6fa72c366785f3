import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '#src/secrets/secret.ts';
import { rawScript, type Script, sh } from '#src/shell/script.ts';
import type { Connection, RootShell, ShellReply } from '#src/transport/connection.ts';
import { localConnection } from '#src/transport/local.ts';

const NOT_ALIVE = 'gone';
/** Every byte that a script can hold. */
const BYTES = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1));

describe.each(['dash', 'bash', 'busybox sh'])('a root shell of %s', (name) => {
  let connection: Connection;
  let shell: RootShell;

  beforeAll(async () => {
    connection = localConnection({ shell: name, graceMs: 1_000 });
    shell = await connection.shell({ signal: AbortSignal.timeout(60_000), become: { method: 'none' } });
  });
  afterAll(() => connection.close());

  const run = (script: Script | string, timeoutMs = 10_000): Promise<ShellReply> =>
    shell.run({ script: typeof script === 'string' ? rawScript(script) : script, timeoutMs });
  const said = async (script: Script | string): Promise<string> => (await run(script)).stdout.toString();

  it.each([
    ['output and errors apart', 'echo out; echo err >&2', 0, 'out\n', 'err\n'],
    ['an exit status', 'exit 42', 42, '', ''],
    ['the status of the last command', 'false', 1, '', ''],
    ['no new line at the end', "printf 'a\\nb'", 0, 'a\nb', ''],
    ['NULs', "printf 'a\\000b\\000'", 0, 'a\0b\0', ''],
    ['an empty script', '', 0, '', ''],
    ['a comment without an end', 'echo a # b', 0, 'a\n', ''],
    ['death by a signal', 'kill -9 $$', 137, '', ''],
    ['standard input is empty', 'cat; read -r line || echo "none:$line"', 0, 'none:\n', ''],
    ['a here-document', "cat <<'END'\n$HOME `x`\nEND", 0, '$HOME `x`\n', ''],
    [
      'something like a frame',
      "printf 'picluster-%s end 1 0\\n' 0123456789abcdef",
      0,
      'picluster-0123456789abcdef end 1 0\n',
      '',
    ],
    ['helpers of the prelude', "record a 'b c'", 0, 'a\x1fb c\x1f\x1e', ''],
    ['a script that looks at itself', 'echo "$#:$0"', 0, '0:sh\n', ''],
  ])('%s', async (_, script, exitCode, stdout, stderr) => {
    const reply = await run(script);
    expect({ ...reply, stdout: reply.stdout.toString(), stderr: reply.stderr.toString() }).toMatchObject({
      exitCode,
      stdout,
      stderr,
      dropped: 0,
    });
  });

  it('survives syntax errors', async () => {
    for (const script of ['if then (', "echo 'unfinished", 'cat <<END\nnever ended', ')', '}']) {
      const reply = await run(script);
      expect(reply.exitCode === 0 ? script.includes('<<') : true, script).toBe(true);
    }
    expect(await said('echo alive')).toBe('alive\n');
  });

  it('keeps every byte of a value', async () => {
    const value = BYTES.toString('latin1');
    const reply = await run(sh`printf %s ${value} | od -An -v -tx1 | tr -d ' \n'`);
    expect(reply.stdout.toString()).toBe(Buffer.from(value).toString('hex'));
  });

  it('lets nothing leak into the next request', async () => {
    await run('set -eu; cd /tmp; leak=1; export LEAK=1; umask 077; trap "echo trapped" EXIT; record() { echo mine; }; exec 5>&1');
    expect(await said('pwd; echo "${leak-}${LEAK-}"; umask; record x; set -- $-; case $1 in *e*) echo set -e ;; esac')).toBe(
      '/\n\n0022\nx\x1f\x1e',
    );
  });

  it('gives every request the same environment', async () => {
    expect(await said('echo "$LC_ALL $DEBIAN_FRONTEND $PATH"; set | grep -c picluster_ || :')).toBe(
      'C.UTF-8 noninteractive /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n0\n',
    );
  });

  it('drops what an earlier request left running and says later', async () => {
    await run('(sleep 0.3; echo late) &');
    await run('sleep 0.5');
    expect(await said('echo now')).toBe('now\n');
  });

  it('keeps the tail of large output, and counts the rest', async () => {
    const reply = await shell.run({
      script: rawScript('head -c 3000000 /dev/zero | tr "\\000" x; echo END'),
      timeoutMs: 20_000,
      maxBytes: 1000,
    });
    expect(reply).toMatchObject({ dropped: 3_000_004 - 1000 });
    expect(reply.stdout.toString()).toMatch(/^x{996}END\n$/);
  });

  it('passes output on as it comes', async () => {
    const pieces: string[] = [];
    const first = Promise.withResolvers<void>();
    const reply = shell.run({
      script: rawScript(
        'echo one; while [ ! -e /proc/self/none ]; do sleep 0.05; n=$((n+1)); [ "$n" -lt 6 ] || break; done; echo two',
      ),
      timeoutMs: 10_000,
      onStdout: (chunk) => {
        pieces.push(chunk.toString());
        first.resolve();
      },
    });
    await first.promise;
    expect(pieces).toEqual(['one\n']);
    await reply;
    expect(pieces.join('')).toBe('one\ntwo\n');
  });

  it('takes a script of 200 KiB', async () => {
    expect(await said(`: '${'0123456789abcde\n'.repeat(12_800)}'\necho done`)).toBe('done\n');
  });

  it('answers requests in the order they were made', async () => {
    const replies = await Promise.all([3, 1, 2].map((number) => said(`sleep 0.0${number}; echo ${number}`)));
    expect(replies).toEqual(['3\n', '1\n', '2\n']);
  });

  it.each([
    ['one that waits', 'sleep 1000'],
    ['children in the background', 'sleep 1000 & sleep 1000'],
    ['an own process group', 'timeout 1000 sleep 1000'],
    ['one that does not listen to TERM', "trap '' TERM; sleep 1000; sleep 1000"],
  ])(
    'ends a request whose time is over: %s',
    async (_, script) => {
      const pids = Promise.withResolvers<string>();
      const request = shell.run({
        script: rawScript(`echo $$\n${script}`),
        step: 'os/wait@n1',
        timeoutMs: 300,
        onStdout: (chunk) => pids.resolve(chunk.toString().trim()),
      });
      await expect(request).rejects.toMatchObject({ name: 'TimeoutError', step: 'os/wait@n1', host: 'local' });
      const session = await pids.promise;
      // A process that was told to end may still be on its way to it when its parent is gone.
      const left = () =>
        said(`for s in /proc/[0-9]*/stat; do { read -r l <"$s"; } 2>/dev/null || continue; set -- \${l##*) }
      [ "$4" != ${session} ] || [ "$1" = Z ] || echo "$l"; done; echo ${NOT_ALIVE}`);
      await expect.poll(left, { timeout: 10_000 }).toBe(`${NOT_ALIVE}\n`);
    },
    20_000,
  );

  it('ends a request on a signal', async () => {
    const controller = new AbortController();
    const request = shell.run({
      script: rawScript('echo begun; sleep 1000'),
      timeoutMs: 60_000,
      signal: controller.signal,
      onStdout: () => controller.abort(),
    });
    await expect(request).rejects.toMatchObject({ name: 'InterruptedError', exitCode: 130 });
    expect(await said('echo alive')).toBe('alive\n');
  });

  it('keeps a secret out of argv, environment and files', async () => {
    const secret = new Secret('correct horse battery');
    const script = sh`
      secret=${secret}
      cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\000' '\\n' | grep -c 'corr[e]ct horse' || :
      printf %s "$secret" | wc -c`;
    expect(String(script)).not.toContain('battery');
    expect((await said(script)).trim().split(/\s+/)).toEqual(['0', '21']);
  });

  it('names the step when the shell is lost', async () => {
    const other = localConnection({ shell: name });
    const lonely = await other.shell({ signal: AbortSignal.timeout(60_000), become: { method: 'none' } });
    const request = lonely.run({
      script: rawScript(
        'read -r stat </proc/$$/stat; set -- ${stat##*) }; read -r stat </proc/$2/stat; set -- ${stat##*) }; kill -9 $2; sleep 5',
      ),
      step: 'os/doomed@n1',
      timeoutMs: 10_000,
    });
    await expect(request).rejects.toMatchObject({ name: 'HostLostError', step: 'os/doomed@n1', exitCode: 69 });
    await expect(lonely.run({ script: rawScript(':'), timeoutMs: 1000 })).rejects.toThrow('lost local');
    await other.close();
  });
});
