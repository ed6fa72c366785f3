import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, GitOpsSettings } from '#src/cluster/cluster.ts';
import { StepFailedError } from '#src/errors.ts';
import type { KubeClient, KubeObject } from '#src/kube/client.ts';
import { explainObject, explainPods } from '#src/kube/explain.ts';
import { waitFor } from '#src/kube/wait.ts';
import { type Action, type ActionContext, defineAction } from '#src/role/action.ts';
import { type GitHead, gitHead } from './git-head.ts';
import { FLUX_NAMESPACE, ROOT_REF, SOURCE_REF } from './objects.ts';
import { commitIn, isAtCommit, type Progress, progressOf, shortRevision, statusOf } from './readiness.ts';

const RECONCILE = 'reconcile.fluxcd.io/requestedAt';
/** Git may have moved on while we wait. */
const ASK_GIT_EVERY_MS = 15_000;

/** A reconciliation under way is given this long to end before it counts as something to wait for. */
const SETTLE_MS = 10_000;
const SETTLE_EVERY_MS = 200;

/** Waits until source and root Kustomization are Ready at the commit that is in git. A converged cluster is only read. */
export function waitForSync(cluster: Cluster, gitops: GitOpsSettings, timeoutMs: number): Action {
  return defineAction({
    name: 'flux-ready',
    isWait: true,
    title: 'wait until Flux has applied what is in git',
    planned: { action: 'run', fields: [{ field: 'revision', after: `head of ${gitops.branch}` }] },
    async check(context) {
      const client = await context.kube();
      if ((await readBoth(client, context.signal)).some((object) => !object)) return 'later';
      const head = await gitHead(cluster, gitops, context.signal);
      const lacking = (await settled(client, head, context.signal)).filter((progress) => progress.state !== 'ready');
      if (lacking.length === 0) return 'done';
      return { action: 'run', fields: lacking.map(({ why }) => ({ field: 'waiting', after: why })) };
    },
    run: (context) => new SyncWait(context, cluster, gitops, timeoutMs).run(),
  });
}

/** The state of source and root once neither is in the middle of a reconciliation, or after a while all the same. */
async function settled(client: KubeClient, head: GitHead, signal: AbortSignal): Promise<Progress[]> {
  const deadline = performance.now() + SETTLE_MS;
  while (true) {
    const [source, root] = await readBoth(client, signal);
    const commit = commitOf(head, source);
    const both = [progressOf(source, commit), progressOf(root, commit)];
    if (performance.now() > deadline || !both.some(({ state }) => state === 'reconciling')) return both;
    await delay(SETTLE_EVERY_MS, undefined, { signal });
  }
}

class SyncWait {
  readonly #context: ActionContext;
  readonly #cluster: Cluster;
  readonly #gitops: GitOpsSettings;
  readonly #timeoutMs: number;
  readonly #said = new Set<string>();
  #head: GitHead | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Value of the annotation that we set; its return in the status proves a reconciliation after it. */
  #requested: string | undefined;

  constructor(context: ActionContext, cluster: Cluster, gitops: GitOpsSettings, timeoutMs: number) {
    this.#context = context;
    this.#cluster = cluster;
    this.#gitops = gitops;
    this.#timeoutMs = timeoutMs;
  }

  async run(): Promise<void> {
    const client = await this.#context.kube();
    await waitFor(() => this.#look(client), {
      what: 'Flux to apply what is in git',
      timeoutMs: this.#timeoutMs,
      signal: this.#context.signal,
      explain: () => explainSync(client),
      hint: 'see the conditions above; the whole log: kubectl -n flux-system logs deploy/kustomize-controller',
    });
  }

  async #look(client: KubeClient): Promise<true | undefined> {
    const head = await this.#askGit();
    const [source, root] = await readBoth(client, this.#context.signal);
    if (!source || !root) return undefined;
    if ('unreachable' in head && !(await this.#isFresh(client, source))) return undefined;
    const commit = commitOf(head, source);
    const sourceProgress = progressOf(source, commit);
    this.#say('GitRepository', sourceProgress);
    if (sourceProgress.state !== 'ready') return this.#hurry(client, source, head);
    const rootProgress = progressOf(root, commit);
    this.#say('Kustomization', rootProgress);
    return rootProgress.state === 'ready' ? true : undefined;
  }

  async #askGit(): Promise<GitHead> {
    if (this.#head && performance.now() - this.#askedAt < ASK_GIT_EVERY_MS) return this.#head;
    this.#head = await gitHead(this.#cluster, this.#gitops, this.#context.signal);
    this.#askedAt = performance.now();
    if ('unreachable' in this.#head) this.#report(`git cannot be asked from here (${this.#head.unreachable}); believing Flux`);
    else this.#report(`git: ${this.#gitops.branch} is at ${this.#head.commit.slice(0, 12)}`);
    return this.#head;
  }

  /** Without git's word, a revision counts once Flux has looked again at our request. */
  async #isFresh(client: KubeClient, source: KubeObject): Promise<boolean> {
    await this.#request(client);
    return statusOf(source).lastHandledReconcileAt === this.#requested;
  }

  /** Ready at an older commit: asks Flux to look now, once, instead of waiting for its interval. */
  async #hurry(client: KubeClient, source: KubeObject, head: GitHead): Promise<undefined> {
    const revision = statusOf(source).artifact?.revision;
    if ('commit' in head && revision && !isAtCommit(revision, head.commit)) await this.#request(client);
  }

  async #request(client: KubeClient): Promise<void> {
    if (this.#requested) return;
    this.#requested = new Date().toISOString();
    await client.annotate(SOURCE_REF, { [RECONCILE]: this.#requested }, this.#context.signal);
  }

  /** Each state once, as it comes. Throws when Flux has given up. */
  #say(kind: string, progress: Progress): void {
    if (progress.state === 'stalled') throw new StepFailedError(progress.why, { hint: 'change it in git or in cluster.yaml' });
    this.#report(progress.state === 'ready' ? `${kind} is Ready at ${shortRevision(progress.revision)}` : progress.why);
  }

  #report(fact: string): void {
    // Messages name directories with random numbers: the same trouble again is no news.
    const gist = fact.replace(/\d{3,}/g, '#');
    if (this.#said.has(gist)) return;
    this.#said.add(gist);
    this.#context.report(fact);
  }
}

const readBoth = (client: KubeClient, signal: AbortSignal) =>
  Promise.all([client.get(SOURCE_REF, signal), client.get(ROOT_REF, signal)]);

/** Git's own word, else what Flux has fetched. */
const commitOf = (head: GitHead, source: KubeObject | undefined): string | undefined =>
  'commit' in head ? head.commit : source && commitIn(statusOf(source).artifact?.revision);

async function explainSync(client: KubeClient): Promise<string> {
  const parts = await Promise.all([
    explainObject(client, SOURCE_REF),
    explainPods(client, FLUX_NAMESPACE, 'app=source-controller'),
    explainObject(client, ROOT_REF),
    explainPods(client, FLUX_NAMESPACE, 'app=kustomize-controller'),
  ]);
  return parts.filter(Boolean).join('\n');
}
