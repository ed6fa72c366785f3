import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A GnuPG home of its own with its own agent: the keys of a person who is none. */
export class GpgHome {
  readonly path: string;

  readonly #programs: string | undefined;

  private constructor(path: string, programs: string | undefined) {
    this.path = path;
    this.#programs = programs;
  }

  /** `programs`: a directory with another `gpg` than that of this machine. */
  static async create(programs?: string): Promise<GpgHome> {
    // The agent's socket lies in it: its path must be short.
    return new GpgHome(await mkdtemp(join(tmpdir(), 'pg-')), programs);
  }

  get env(): Record<string, string> {
    return { GNUPGHOME: this.path, ...(this.#programs && { PATH: `${this.#programs}:${process.env.PATH}` }) };
  }

  async gpg(args: readonly string[], input = ''): Promise<string> {
    const options = { env: this.env, input, stripFinalNewline: false };
    const { stdout } = await execa('gpg', ['--batch', '--no-tty', '--pinentry-mode', 'loopback', ...args], options);
    return stdout;
  }

  /** A key of `name@example.com` as GnuPG makes them by itself today: ed25519 and cv25519. `options`: more words for gpg. */
  async generate(name: string, passphrase = '', options: readonly string[] = []): Promise<void> {
    const key = ['--quick-generate-key', `${name} <${name}@example.com>`, 'future-default', 'default', 'never'];
    await this.gpg([...options, '--passphrase', passphrase, ...key]);
  }

  /** A key of other algorithms, without a passphrase: lines of GnuPG's unattended key generation. */
  async generateOf(name: string, algorithms: readonly string[], options: readonly string[] = []): Promise<void> {
    const lines = ['%no-protection', ...algorithms, `Name-Real: ${name}`, `Name-Email: ${name}@example.com`, '%commit', ''];
    await this.gpg([...options, '--generate-key'], lines.join('\n'));
  }

  exportPublic(name: string): Promise<string> {
    return this.gpg(['--armor', '--export', `${name}@example.com`]);
  }

  exportPrivate(name: string, passphrase = ''): Promise<string> {
    return this.gpg(['--passphrase', passphrase, '--armor', '--export-secret-keys', `${name}@example.com`]);
  }

  async remove(): Promise<void> {
    await execa('gpgconf', ['--kill', 'all'], { env: this.env, reject: false });
    await rm(this.path, { recursive: true, force: true });
  }
}
