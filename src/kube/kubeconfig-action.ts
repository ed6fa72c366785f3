import type { Cluster } from '#src/cluster/cluster.ts';
import type { Change } from '#src/resource/kind.ts';
import { type Action, type ActionContext, defineAction } from '#src/role/action.ts';
import { rewriteKubeconfig } from './kubeconfig.ts';
import { isUpToDate, type KubeconfigFile, planKubeconfig, userKubeconfigPath, writeKubeconfig } from './kubeconfig-file.ts';

export interface KubeconfigActionOptions {
  cluster: Cluster;
  /** K3s's own admin kubeconfig, as a server has it. Rejects with ApiUnavailableError while there is none. */
  fetch(context: ActionContext): Promise<string>;
  /** Merged into this file, as its current context; undefined: into the user's kubeconfig, whose current context stays. */
  file?: string | undefined;
}

/** Brings the cluster's admin kubeconfig to this machine. */
export function kubeconfigAction({ cluster, fetch, file }: KubeconfigActionOptions): Action {
  const path = file ?? userKubeconfigPath();
  const plan = async (context: ActionContext): Promise<KubeconfigFile> => {
    const own = rewriteKubeconfig(await fetch(context), { name: cluster.name, server: cluster.network.apiEndpoint });
    return planKubeconfig(path, own, { setCurrent: file !== undefined });
  };
  return defineAction({
    name: 'kubeconfig',
    title: file ? `write the kubeconfig to ${path}` : `merge the kubeconfig into ${path}`,
    planned: changeOf('create', path, cluster.name),
    async check(context) {
      const planned = await plan(context);
      return isUpToDate(planned) ? 'done' : changeOf(planned.before === undefined ? 'create' : 'update', path, cluster.name);
    },
    async run(context) {
      await writeKubeconfig(await plan(context));
      context.report(`kubeconfig: context ${cluster.name} in ${path}`);
    },
  });
}

const changeOf = (action: 'create' | 'update', path: string, name: string): Change => ({
  action,
  fields: [{ field: path, after: `context ${name}, mode 0600` }],
});
