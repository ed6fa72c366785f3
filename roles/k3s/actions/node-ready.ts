import { type Action, type ActionContext, defineAction } from '#src/role/action.ts';
import { journalTail, logHint } from '../journal.ts';
import { conditionLines, type Wanted, whyNotYet } from '../node.ts';
import { poll } from '../poll.ts';
import { getNode } from './get-node.ts';

export interface NodeReadyOptions extends Wanted {
  readonly node: string;
  /** Whose log explains it when the Node does not come: `k3s-agent`. */
  readonly unit: string;
  readonly timeoutSeconds: number;
}

/** Waits until the Node is there with the right kubelet, and Ready unless the CNI comes later. */
export function nodeReady(options: NodeReadyOptions): Action {
  const { node, unit, timeoutSeconds, mustBeReady } = options;
  const goal = mustBeReady ? 'Ready' : 'registered';
  return defineAction({
    name: 'node-ready',
    isWait: true,
    title: `wait until ${node} is ${goal}`,
    planned: { action: 'run', fields: [], note: `waits until the Node ${node} is ${goal} with kubelet ${options.version}` },
    check: async (context) => (whyNotYet(await getNode(context, node), options) === undefined ? 'done' : 'later'),
    run: async (context) => {
      await poll(
        {
          what: `${node} is ${goal}`,
          timeoutSeconds,
          signal: context.signal,
          host: context.host.name,
          hint: logHint(context.host.name, unit),
        },
        async () => whyNotYet(await getNode(context, node), options),
        () => explain(context, node, unit),
      );
      context.report(`${node} is ${goal} (${options.version})`);
    },
  });
}

async function explain(context: ActionContext, name: string, unit: string): Promise<string> {
  const node = await getNode(context, name).catch(() => undefined);
  return [...conditionLines(node), await journalTail(context, unit)].filter(Boolean).join('\n');
}
