import { RefusedError } from '#src/errors.ts';
import { type Action, type ActionContext, defineAction } from '#src/role/action.ts';
import { sh } from '#src/shell/script.ts';
import { paths } from '../paths.ts';

/**
 * A server without data that would found a cluster makes sure that no other server of the inventory has one already: a wiped init server must join.
 * Other servers of the run are asked through their shells; those outside it by their API's port, from this host.
 */
export function noOtherCluster(servers: readonly { name: string; address: string }[]): Action {
  return defineAction({
    name: 'no-other-cluster',
    title: 'no other server has a cluster already',
    planned: { action: 'run', fields: [], note: 'looks at the other servers; refuses to found a second cluster' },
    check: async (context) => {
      const answers = await Promise.all(servers.map((server) => hasCluster(context, server)));
      const holders = servers.filter((_, index) => answers[index]);
      if (holders.length > 0) throw refusal(context.host.name, holders[0]?.name ?? '');
      return 'done';
    },
    // check() is never anything but done: it refuses, or there is nothing to do.
    run: async () => {},
  });
}

const refusal = (host: string, holder: string): RefusedError =>
  new RefusedError(
    `${host} has no data and would found a second cluster`,
    [`${host}: ${holder} has a cluster already, which ${host} has to join`],
    { host, hint: `set k3s.initServer: ${holder}` },
  );

async function hasCluster(context: ActionContext, server: { name: string; address: string }): Promise<boolean> {
  const { signal } = context;
  const own = await context.shell(server.name).catch(() => undefined);
  const root = own ?? (await context.shell(context.host.name));
  const script = own
    ? sh`[ -d ${paths.etcdLog} ]`
    : sh`
        url=https://${server.address.includes(':') ? `[${server.address}]` : server.address}:6443/ping
        if command -v curl >/dev/null 2>&1; then curl -ksf -m 5 -o /dev/null "$url"
        else wget -q -T 5 -t 1 --no-check-certificate -O /dev/null "$url"
        fi`;
  const reply = await root.run({ script, step: `has ${server.name} a cluster?`, timeoutMs: 15_000, signal });
  return reply.exitCode === 0;
}
