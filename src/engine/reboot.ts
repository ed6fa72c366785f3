import { ApiUnavailableError } from '#src/errors.ts';
import type { KubeClient } from '#src/kube/client.ts';
import { drain, getNode, hasElsewhere, setSchedulable, whyNotBack } from '#src/kube/drain.ts';
import { waitFor } from '#src/kube/wait.ts';
import { isDue, markCordoned, type RebootState } from '#src/resource/reboot.ts';
import type { ActionContext } from '#src/role/action.ts';
import type { Script } from '#src/shell/script.ts';
import type { ResourceStep } from './observe.ts';
import type { HostSession } from './session.ts';

const NODE_BACK_MS = 300_000;
const MARK_TIMEOUT_MS = 15_000;

export interface RebootOptions {
  readonly step: ResourceStep;
  /** As seen right before. */
  readonly state: RebootState;
  readonly session: HostSession;
  readonly context: ActionContext;
  /** Aborted by the first Ctrl-C, too. */
  readonly stop: AbortSignal;
}

/**
 * Reboots the machine if that is due. A Node of a running cluster is cordoned and drained before, and uncordoned once it is Ready in its new
 * boot, unless somebody else had cordoned it. That the cordon is ours stands on the machine, so that a killed run leaves none behind.
 */
export async function rebootHost({ step, state, session, context, stop }: RebootOptions): Promise<void> {
  const { name } = session.host;
  let isOurs = state.isCordoned;
  if (isDue(state)) {
    const client = await apiOf(context, stop);
    if (client) isOurs = (await evacuate({ client, session, context, stop })) || isOurs;
    context.report(`${name} reboots`);
    const { script } = step.work.kind.apply(step.work.spec, state, session.facts);
    await session.reboot(script, step.ref);
  }
  if (!isOurs) return;
  const client = await context.kube();
  await waitFor(
    async () => (whyNotBack(await getNode(client, name, stop), session.facts.bootId) === undefined ? true : undefined),
    {
      what: `${name} to be Ready in its new boot`,
      timeoutMs: NODE_BACK_MS,
      signal: stop,
      explain: async () => whyNotBack(await getNode(client, name, stop), session.facts.bootId) ?? 'it is now',
      hint: `it stays cordoned; look at its log: picluster exec -l ${name} journalctl -u 'k3s*' -n 50`,
    },
  );
  await setSchedulable(client, name, true, context.signal);
  await mark(session, markCordoned(false), step.ref);
}

/** Undefined without a cluster that answers. */
async function apiOf({ kube }: ActionContext, signal: AbortSignal): Promise<KubeClient | undefined> {
  try {
    const client = await kube();
    return (await client.ready(signal)) ? client : undefined;
  } catch (error) {
    if (error instanceof ApiUnavailableError) return undefined;
    throw error;
  }
}

/** Cordons and drains; true when the cordon is ours. What fails takes the cordon back. */
async function evacuate(options: {
  client: KubeClient;
  session: HostSession;
  context: ActionContext;
  stop: AbortSignal;
}): Promise<boolean> {
  const { client, session, context, stop } = options;
  const { name } = session.host;
  const node = await getNode(client, name, stop);
  if (!node) return false;
  if (!(await hasElsewhere(client, name, stop))) {
    context.report(`${name} is not drained: no other node could take its pods`);
    return false;
  }
  const isOurs = !node.spec?.unschedulable;
  if (isOurs) {
    await mark(session, markCordoned(true), 'cordon');
    await setSchedulable(client, name, false, stop);
  }
  try {
    await drain(client, { node: name, timeoutMs: context.cluster.timeouts.drainMs, signal: stop });
  } catch (error) {
    if (isOurs) {
      await setSchedulable(client, name, true, context.signal);
      await mark(session, markCordoned(false), 'uncordon');
    }
    throw error;
  }
  return isOurs;
}

const mark = (session: HostSession, script: Script, step: string): Promise<unknown> => session.ask(script, step, MARK_TIMEOUT_MS);
