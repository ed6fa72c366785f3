import type { VaultFile } from '#src/secrets/vault-file.ts';

export const EMPTY_VAULT = '# Secrets of this cluster: picluster vault set PATH\n';

/** Plain text of a vault file. One of a group or host that is not there is about to be made; the cluster's own is made by init. */
export async function textOrEmpty(file: VaultFile): Promise<string> {
  const isLayer = /[^/]\.secrets\.yaml\.asc$/.test(file.name);
  return isLayer && (await file.armor()) === undefined ? EMPTY_VAULT : await file.read();
}
