import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiUnavailableError } from '#src/errors.ts';
import type { KubeClient } from '#src/kube/client.ts';
import { sh } from '#src/shell/script.ts';
import type { LocalPort } from '#src/transport/connection.ts';
import type { HostSession } from './session.ts';

const KUBECONFIG_ON_SERVER = '/etc/rancher/k3s/k3s.yaml';
const API_PORT = 6443;
const READ_TIMEOUT_MS = 15_000;

/** The Kubernetes API of a run, through an SSH tunnel to a server. Made on first use, shared by all actions, closed with the run. */
export class KubeAccess {
  readonly #server: () => HostSession | undefined;
  readonly #cachePath: string;
  #client: Promise<KubeClient> | undefined;
  #port: LocalPort | undefined;

  /** @param server the session of the server to go through; undefined while none is connected. */
  constructor(server: () => HostSession | undefined, stateDirectory: string) {
    this.#server = server;
    this.#cachePath = join(stateDirectory, 'kubeconfig');
  }

  /** Rejects with ApiUnavailableError while there is no server that has a kubeconfig and answers. */
  client(): Promise<KubeClient> {
    this.#client ??= this.#connect().catch((error) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  /** Text of the admin kubeconfig: as kept from an earlier run if the API still takes it, else read from the server. */
  async kubeconfig(): Promise<string> {
    await this.client();
    return readFile(this.#cachePath, 'utf8');
  }

  async #connect(): Promise<KubeClient> {
    const session = this.#server();
    if (!session) throw new ApiUnavailableError('no Kubernetes server is connected in this run');
    if (existsSync(this.#cachePath) && session.facts.k3s.version) {
      const client = await this.#open(session, await readFile(this.#cachePath, 'utf8'));
      if (await client.ready().catch(() => false)) return client;
      await this.#closeClient(client);
    }
    const text = await this.#fetchKubeconfig(session);
    return this.#open(session, text);
  }

  async #open(session: HostSession, kubeconfig: string): Promise<KubeClient> {
    const { connectKube } = await import('#src/kube/kube-client.ts');
    this.#port = await session.forward('127.0.0.1', API_PORT);
    return connectKube({ kubeconfig, port: this.#port });
  }

  async #fetchKubeconfig(session: HostSession): Promise<string> {
    const reply = await session.shell.run({
      script: sh`cat ${KUBECONFIG_ON_SERVER}`,
      step: 'read kubeconfig',
      timeoutMs: READ_TIMEOUT_MS,
    });
    if (reply.exitCode !== 0)
      throw new ApiUnavailableError(`${session.host.name} has no ${KUBECONFIG_ON_SERVER} yet`, { host: session.host.name });
    const text = reply.stdout.toString();
    await writeFile(`${this.#cachePath}.new`, text, { mode: 0o600 });
    await rename(`${this.#cachePath}.new`, this.#cachePath);
    return text;
  }

  async #closeClient(client: KubeClient): Promise<void> {
    await client.close();
    await this.#port?.close();
    await rm(this.#cachePath, { force: true });
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.close();
    await this.#port?.close();
  }
}
