import { KubeError } from './errors.ts';
import type { ApiHttp } from './http.ts';

/** How a kind is addressed: `/apis/apps/v1`, `deployments`. */
export interface ApiResource {
  base: string;
  plural: string;
  namespaced: boolean;
}

interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean }[];
}

/** Which kinds the server knows, asked once per API version; asked again for a kind that was not there. */
export class Discovery {
  readonly #http: ApiHttp;
  readonly #lists = new Map<string, Promise<ResourceList>>();

  constructor(http: ApiHttp) {
    this.#http = http;
  }

  /** Undefined while the server does not know the kind. */
  async find(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ApiResource | undefined> {
    const known = this.#lists.get(apiVersion);
    const found = known && pick(await known, apiVersion, kind);
    if (found) return found;
    const fresh = this.#fetch(apiVersion, signal);
    this.#lists.set(apiVersion, fresh);
    try {
      return pick(await fresh, apiVersion, kind);
    } catch (error) {
      this.#lists.delete(apiVersion);
      throw error;
    }
  }

  async #fetch(apiVersion: string, signal?: AbortSignal): Promise<ResourceList> {
    try {
      const body = await this.#http.send({ method: 'GET', path: basePath(apiVersion), what: `look up ${apiVersion}`, signal });
      return JSON.parse(body) as ResourceList;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return { resources: [] };
      throw error;
    }
  }
}

const basePath = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

function pick(list: ResourceList, apiVersion: string, kind: string): ApiResource | undefined {
  // Subresources are listed beside their kind as `deployments/status`.
  const resource = list.resources.find((entry) => entry.kind === kind && !entry.name.includes('/'));
  return resource && { base: basePath(apiVersion), plural: resource.name, namespaced: resource.namespaced };
}

/** URL path of a collection, or of one object in it. */
export function resourcePath({ base, plural, namespaced }: ApiResource, namespace?: string, name?: string): string {
  const scope = namespaced && namespace ? ['namespaces', encodeURIComponent(namespace)] : [];
  return [base, ...scope, plural, ...(name === undefined ? [] : [encodeURIComponent(name)])].join('/');
}
