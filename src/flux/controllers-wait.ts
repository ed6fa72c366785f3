import type { KubeClient, KubeObject, ObjectRef } from '#src/kube/client.ts';
import { explainObject } from '#src/kube/explain.ts';
import { describeRef, refOf } from '#src/kube/objects.ts';
import { rolloutLack } from '#src/kube/rollout.ts';
import { waitFor } from '#src/kube/wait.ts';
import { type Action, defineAction } from '#src/role/action.ts';

/** Waits until the Deployments among `objects` are rolled out at their last generation. */
export function waitForControllers(objects: (signal: AbortSignal) => Promise<readonly KubeObject[]>, timeoutMs: number): Action {
  const deployments = async (signal: AbortSignal): Promise<ObjectRef[]> =>
    (await objects(signal)).filter(({ kind }) => kind === 'Deployment').map(refOf);
  const lackOf = async (client: KubeClient, ref: ObjectRef, signal: AbortSignal) => rolloutLack(await client.get(ref, signal));
  return defineAction({
    name: 'flux-controllers',
    isWait: true,
    title: "wait until Flux's controllers are available",
    planned: { action: 'run', fields: [{ field: 'Deployments', after: 'available' }] },
    async check(context) {
      const client = await context.kube();
      const refs = await deployments(context.signal);
      const found = await Promise.all(refs.map((ref) => client.get(ref, context.signal)));
      if (found.some((object) => !object)) return 'later';
      const lacks = refs.flatMap((ref, index) => {
        const lack = rolloutLack(found[index]);
        return lack ? [{ field: describeRef(ref), before: lack, after: 'available' }] : [];
      });
      return lacks.length === 0 ? 'done' : { action: 'run', fields: lacks };
    },
    async run(context) {
      const { signal } = context;
      const client = await context.kube();
      const wait = async (ref: ObjectRef): Promise<void> => {
        await waitFor(async () => ((await lackOf(client, ref, signal)) === undefined ? true : undefined), {
          what: `${describeRef(ref)} to be available`,
          timeoutMs,
          signal,
          hint: 'look further with: kubectl -n flux-system describe pods',
          explain: async () => `${(await lackOf(client, ref, signal)) ?? 'it is now'}\n${await explainObject(client, ref)}`,
        });
        context.report(`${describeRef(ref)} is available`);
      };
      await Promise.all((await deployments(signal)).map(wait));
    },
  });
}
