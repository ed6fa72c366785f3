import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinScripts, rawScript, type Script } from '#src/shell/script.ts';

/** What every request of a node's shell begins with. */
export const prelude = rawScript(readFileSync(new URL('../shell/prelude.sh', import.meta.url), 'utf8'));

/** The shells that nodes have. `busybox` finds nothing but its own applets, and the programs that a test names. */
export const SHELLS = ['dash', 'bash', 'busybox'] as const;
export type ShellName = (typeof SHELLS)[number];

export interface Reply {
  stdout: string;
  stderr: string;
  code: number | null;
}

/**
 * This machine's root file system with a layer over it that is thrown away: for scripts that change users, mounts and /etc. Mounts,
 * processes, host name and network are its own, too, and end with it. Needs root.
 */
export class Sandbox {
  readonly #holder: ChildProcess;
  readonly #directory: string;

  private constructor(holder: ChildProcess, directory: string) {
    this.#holder = holder;
    this.#directory = directory;
  }

  static async open(programs: readonly string[] = []): Promise<Sandbox> {
    const directory = mkdtempSync(join(tmpdir(), 'picluster-sandbox-'));
    const holder = spawn(
      'unshare',
      [
        '--mount',
        '--uts',
        '--net',
        '--pid',
        '--fork',
        '--kill-child',
        '--propagation',
        'private',
        'sh',
        '-euc',
        SETUP,
        'sandbox',
        directory,
        ...programs,
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const said = { stdout: '', stderr: '' };
    holder.stderr?.on('data', (chunk: Buffer) => {
      said.stderr += chunk;
    });
    await new Promise<void>((resolve, reject) => {
      holder.stdout?.on('data', (chunk: Buffer) => {
        said.stdout += chunk;
        if (said.stdout.includes('ready\n')) resolve();
      });
      holder.once('close', () => reject(new Error(`no sandbox: ${said.stderr}`)));
      holder.once('error', reject);
    });
    return new Sandbox(holder, directory);
  }

  /** The script with the prelude of nodes, in a shell whose PATH is as that kind of node has it. */
  async run(shell: ShellName, script: Script): Promise<Reply> {
    const path = shell === 'busybox' ? '/run/applets' : '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const argv = shell === 'busybox' ? ['/bin/busybox', 'sh'] : [shell];
    const program = joinScripts([rawScript(`PATH=${path}; export PATH; cd /`), prelude, script]).text;
    const root = join(this.#directory, 'root');
    const child = spawn(
      'nsenter',
      [
        `--target=${this.#holder.pid}`,
        '--mount',
        '--uts',
        '--net',
        `--pid=/proc/${this.#holder.pid}/ns/pid_for_children`,
        'chroot',
        root,
        ...argv,
        '-c',
        program,
      ],
      { env: { ...process.env, LC_ALL: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const reply = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => {
      reply.stdout += chunk;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      reply.stderr += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { ...reply, code };
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#holder.once('close', resolve));
    this.#holder.stdin?.end();
    await closed;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** $1: an empty directory; further ones: programs beside busybox's applets. It lives as long as its standard input. */
const SETUP = `
work=$1; shift
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
mount -t proc proc "$work/root/proc"
for name in sys dev; do mount --rbind "/$name" "$work/root/$name"; done
mount -t tmpfs tmpfs "$work/root/run"
mount -t tmpfs tmpfs "$work/root/tmp"
mkdir "$work/root/run/applets"
chroot "$work/root" busybox --install -s /run/applets
for program; do ln -sf "$(command -v "$program")" "$work/root/run/applets/$program"; done
ip link set lo up
echo ready
cat >/dev/null`;
