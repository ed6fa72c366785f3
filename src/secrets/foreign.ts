import { ConfigError } from '#src/errors.ts';
import { type Path, parseYaml, showPath, type YamlSource } from '#src/yaml/source.ts';

interface ForeignSecrets {
  /** By dotted path. */
  readonly secrets: Map<string, string>;
  readonly left: { path: string; why: string }[];
}

/** The values of another tool's YAML that can be secrets here: text, and numbers and words as they are written. Throws ConfigError when it is no map. Pure. */
export function foreignSecrets(file: string, text: string): ForeignSecrets {
  const source = parseYaml(file, text, { isSecret: true });
  if (source.mistakes.length > 0 || typeof source.data !== 'object' || source.data === null || Array.isArray(source.data))
    throw new ConfigError(`what ${file} holds is not a YAML map; nothing was changed`, source.mistakes);
  const found: ForeignSecrets = { secrets: new Map(), left: [] };
  collect(source, source.data, [], found);
  return found;
}

function collect(source: YamlSource, value: unknown, path: Path, { secrets, left }: ForeignSecrets): void {
  const name = showPath(path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) collect(source, inner, [...path, key], { secrets, left });
    return;
  }
  const written = typeof value === 'string' ? value : (source.written(path) ?? '');
  if (Array.isArray(value)) left.push({ path: name, why: 'is a list' });
  else if (written === '' || value === null) left.push({ path: name, why: 'is empty' });
  else if (!path.every((key) => /^[\w-]+$/.test(String(key)))) left.push({ path: name, why: 'its name cannot be one here' });
  else secrets.set(name, written);
}
