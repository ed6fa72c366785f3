import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { requireState } from '#lab/machines/index.ts';
import { writeAside } from '#lab/machines/state.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { GitClone } from '../support/git-clone.ts';
import type { Pair } from '../support/pair.ts';

const ROOT = 'kubernetes/clusters/lab';
const SOURCE = 'gitrepository/flux-system';

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

interface FluxStatus {
  conditions: Condition[];
  artifact?: { revision: string };
  lastAppliedRevision?: string;
  lastAttemptedRevision?: string;
}

/** After the hand-off git is the master: what is pushed comes to be, and picluster is not asked. */
export function fluxTests(pair: Pair): void {
  const { cli } = pair;
  let git: GitClone;
  let url: string;

  const statusOf = async (object: string): Promise<FluxStatus> =>
    JSON.parse(await pair.kubectl(`-n flux-system get ${object} -o jsonpath={.status}`));

  const within = {
    timeout: 60_000,
    interval: 500,
    explain: () => pair.kubectl('-n flux-system get gitrepository,kustomization'),
  };

  /** The Kustomization has applied the commit, and is Ready. */
  async function expectApplied(commit: string, name = 'cluster'): Promise<void> {
    await waitFor(
      `Kustomization ${name} at ${commit}`,
      async () => {
        const { conditions, lastAppliedRevision } = await statusOf(`kustomization/${name}`);
        const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
        return isReady && lastAppliedRevision === `main@sha1:${commit}`;
      },
      within,
    );
  }

  /** A condition of the object comes to have the status and reason. Returns it. */
  async function condition(object: string, type: string, status: string, reason: string): Promise<Condition> {
    const fits = (each: Condition) => each.type === type && each.status === status && each.reason === reason;
    const what = `${object}: ${type} is ${status}: ${reason}`;
    return await waitFor(what, async () => (await statusOf(object)).conditions.find(fits), within);
  }

  const note = (name: string, text: string, namespace = 'default'): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\ndata:\n  text: ${text}\n`;

  /** `text uid` of each of our ConfigMaps, by name. */
  async function notes(): Promise<Record<string, { text: string; uid: string }>> {
    const { items } = JSON.parse(await pair.kubectl('-n default get configmaps -o json')) as {
      items: { metadata: { name: string; uid: string }; data: { text: string } }[];
    };
    const ours = items.filter(({ metadata }) => metadata.name.startsWith('note-'));
    return Object.fromEntries(ours.map(({ metadata, data }) => [metadata.name, { text: data.text, uid: metadata.uid }]));
  }

  const secretToken = async (): Promise<string> => parse(await readFile(join(cli.cluster, 'secrets.yaml'), 'utf8')).git.token;

  beforeAll(async () => {
    const { gateway, ports } = await requireState(pair.lab);
    url = `http://${gateway}:${ports.git}/cluster.git`;
    git = await GitClone.of(url, await secretToken());
  });

  afterAll(async () => {
    await git?.remove();
  });

  test('a manifest that is added, changed, renamed, deleted in git is so in the cluster', async () => {
    await git.write(`${ROOT}/note.yaml`, note('note-a', 'first'));
    await expectApplied(await git.push('add'));
    const added = await notes();
    expect(added).toMatchObject({ 'note-a': { text: 'first' } });

    await git.write(`${ROOT}/note.yaml`, note('note-a', 'second'));
    await expectApplied(await git.push('change'));
    expect(await notes()).toEqual({ 'note-a': { text: 'second', uid: added['note-a']?.uid } });

    // the file has another name, the object is the same
    await git.move(`${ROOT}/note.yaml`, `${ROOT}/renamed.yaml`);
    await expectApplied(await git.push('rename the file'));
    expect(await notes()).toEqual({ 'note-a': { text: 'second', uid: added['note-a']?.uid } });

    await git.write(`${ROOT}/renamed.yaml`, note('note-b', 'second'));
    await expectApplied(await git.push('rename the object'));
    expect(await notes()).toEqual({ 'note-b': { text: 'second', uid: expect.any(String) } });

    await git.delete(`${ROOT}/renamed.yaml`);
    await expectApplied(await git.push('delete'));
    expect(await notes()).toEqual({});
  });

  test('a Kustomization that the root brought follows git too', async () => {
    const file = 'kubernetes/apps/hello/configmap.yaml';
    const text = await readFile(git.path(file), 'utf8');
    await git.write(file, text.replace('hello from git', 'hello again'));
    await expectApplied(await git.push('another message'), 'apps');
    expect(await pair.kubectl('-n hello get configmap hello -o jsonpath={.data.MESSAGE}')).toBe('hello again');
  });

  describe('a broken commit', () => {
    test.each([
      { reason: 'BuildFailed', text: 'kind: ConfigMap\nmetadata: [\n', says: /broken\.yaml/ },
      { reason: 'ReconciliationFailed', text: note('note-lost', 'text', 'nowhere'), says: /note-lost.*"?nowhere"? not found/ },
    ])('shows as $reason, bootstrap explains it, and its repair heals', async ({ reason, text, says }) => {
      const before = (await statusOf('kustomization/cluster')).lastAppliedRevision;
      await git.write(`${ROOT}/broken.yaml`, text);
      const commit = await git.push('break');
      const { message } = await condition('kustomization/cluster', 'Ready', 'False', reason);
      expect(message).toMatch(says);
      expect(await statusOf('kustomization/cluster')).toMatchObject({
        lastAppliedRevision: before,
        lastAttemptedRevision: `main@sha1:${commit}`,
      });
      expect((await statusOf(SOURCE)).artifact?.revision).toBe(`main@sha1:${commit}`);

      const { exitCode, all } = await cli.run('bootstrap', [...pair.bootstrapArgs, '--set', 'gitops.timeout=5s']);
      expect(exitCode, all).toBe(70);
      expect(all).toContain(`Kustomization flux-system/cluster: Ready is False: ${reason}: `);
      expect(all).toMatch(says);

      await git.delete(`${ROOT}/broken.yaml`);
      await expectApplied(await git.push('repair'));
    });
  });

  test('Flux reads git with the token that we gave it, and bootstrap brings a new one', async () => {
    await expect(GitClone.of(url, 'wrong')).rejects.toThrow(/Authentication failed/);

    // the lab's git server opens to the token that stands in secrets.yaml; Flux still has the old one
    const file = join(cli.cluster, 'secrets.yaml');
    const secrets = parse(await readFile(file, 'utf8'));
    secrets.git.token = randomBytes(24).toString('hex');
    await writeAside(file, stringify(secrets), 0o600);
    const { message } = await condition(SOURCE, 'Ready', 'False', 'GitOperationFailed');
    expect(message).toMatch(/authentication required/i);
    await condition(SOURCE, 'FetchFailed', 'True', 'GitOperationFailed');

    const { exitCode, events, all } = await cli.events('bootstrap', pair.bootstrapArgs);
    expect(exitCode, all).toBe(0);
    expect(all).not.toContain(secrets.git.token);
    const planned = events.flatMap((event) => (event.type === 'step.planned' ? [event.step] : []));
    expect(planned).toContain('flux/flux-sync@control');
    await condition(SOURCE, 'Ready', 'True', 'Succeeded');
    expect((await cli.events('bootstrap', pair.bootstrapArgs)).events.at(-1)).toMatchObject({ changed: 0, exitCode: 0 });
  });
}
