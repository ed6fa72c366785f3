// The whole of client-node takes half a second to load; the kubeconfig's own types are all that is needed of it here.
import { newClusters, newContexts, newUsers } from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import { ConfigError } from '#src/errors.ts';

/** How to prove who we are to the API, and how the API proves itself. */
export interface Credentials {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  token?: string;
  /** Name that the server's certificate must be for; undefined: the address that was connected to. */
  serverName?: string;
}

/** What the current context of a kubeconfig holds. Throws ConfigError when it is not one, or points to files and helpers (K3s's never does). */
export function credentialsOf(kubeconfig: string): Credentials {
  const document = parse(kubeconfig);
  if (!document || typeof document !== 'object') throw new ConfigError('the kubeconfig is not a YAML map');
  const context = newContexts(document.contexts ?? []).find(({ name }) => name === document['current-context']);
  const cluster = newClusters(document.clusters ?? []).find(({ name }) => name === context?.cluster);
  const user = newUsers(document.users ?? []).find(({ name }) => name === context?.user);
  if (!cluster || !user) throw new ConfigError('the kubeconfig has no current context with a cluster and a user');
  if (!user.token && !(user.certData && user.keyData)) {
    throw new ConfigError(`the kubeconfig holds neither a certificate nor a token for user ${user.name}`);
  }
  return {
    ...(cluster.caData ? { ca: Buffer.from(cluster.caData, 'base64') } : {}),
    ...(user.certData && user.keyData
      ? { cert: Buffer.from(user.certData, 'base64'), key: Buffer.from(user.keyData, 'base64') }
      : {}),
    ...(user.token ? { token: user.token } : {}),
    ...(cluster.tlsServerName ? { serverName: cluster.tlsServerName } : {}),
  };
}
