import type { Action, ActionContext } from '#src/role/action.ts';
import { defineAction } from '#src/role/action.ts';
import { journalTail, logHint } from '../journal.ts';
import { poll } from '../poll.ts';

/** Waits until the API server says that it is ready. */
export function apiReady(timeoutSeconds: number): Action {
  return defineAction({
    name: 'api-ready',
    isWait: true,
    title: 'wait until the Kubernetes API is ready',
    planned: { action: 'run', fields: [], note: 'waits until /readyz says ok' },
    check: async (context) => ((await isReady(context)) ? 'done' : 'later'),
    run: async (context) => {
      const { host, signal } = context;
      await poll(
        {
          what: 'the Kubernetes API is ready',
          timeoutSeconds,
          signal,
          host: host.name,
          hint: logHint(host.name, 'k3s'),
        },
        async () => ((await isReady(context)) ? undefined : '/readyz does not say ok'),
        () => journalTail(context, 'k3s'),
      );
      context.report('the Kubernetes API is ready');
    },
  });
}

const isReady = async ({ kube, signal }: ActionContext): Promise<boolean> => (await kube()).ready(signal);
