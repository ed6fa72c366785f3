import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A clone of the lab's repository, as a person has one: what is pushed here is all that the cluster learns. */
export class GitClone {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Clones over HTTP. Throws with git's words when the server does not take the token. */
  static async of(url: string, token: string): Promise<GitClone> {
    const clone = new GitClone(await mkdtemp(join(tmpdir(), 'picluster-git-clone-')));
    const { host } = new URL(url);
    await writeFile(join(clone.#directory, 'credentials'), `http://git:${token}@${host}\n`, { mode: 0o600 });
    await clone.#git('clone', '-q', url, clone.path()).catch(async (error) => {
      await clone.remove();
      throw error;
    });
    return clone;
  }

  path(...parts: string[]): string {
    return join(this.#directory, 'tree', ...parts);
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(this.path(file), text);
  }

  async move(from: string, to: string): Promise<void> {
    await rename(this.path(from), this.path(to));
  }

  async delete(file: string): Promise<void> {
    await rm(this.path(file));
  }

  /** Commits all that is there and pushes it. Returns the commit. */
  async push(message: string): Promise<string> {
    await this.#inTree('add', '--all');
    await this.#inTree('-c', 'user.name=somebody', '-c', 'user.email=somebody@example.com', 'commit', '-q', '-m', message);
    await this.#inTree('push', '-q', 'origin', 'HEAD:main');
    return await this.#inTree('rev-parse', 'HEAD');
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #inTree(...args: string[]): Promise<string> {
    return this.#git('-C', this.path(), ...args);
  }

  async #git(...args: string[]): Promise<string> {
    const helper = `credential.helper=store --file=${join(this.#directory, 'credentials')}`;
    const { stdout } = await execa('git', ['-c', 'credential.helper=', '-c', helper, ...args], {
      timeout: 30_000,
      env: { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
    });
    return stdout.trim();
  }
}
