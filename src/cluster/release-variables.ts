import { readFile } from 'node:fs/promises';
import { parseYaml } from '#src/yaml/source.ts';
import { isMap } from './layers.ts';
import { VERSIONS } from './read.ts';

/** picluster's own releases, oldest first: the K3s of each, and the variables of K3s that it sets. */
export async function releaseVariables(): Promise<Map<string, { k3s: string | undefined; vars: Record<string, unknown> }>> {
  const { data } = parseYaml('versions.yaml', await readFile(VERSIONS, 'utf8'));
  const releases = isMap(data) && isMap(data.releases) ? data.releases : {};
  return new Map(
    Object.entries(releases).map(([name, release]) => {
      const { components, vars } = isMap(release) ? release : {};
      const k3s = isMap(components) && typeof components.k3s === 'string' ? components.k3s : undefined;
      return [name, { k3s, vars: isMap(vars) && isMap(vars.k3s) ? vars.k3s : {} }];
    }),
  );
}
