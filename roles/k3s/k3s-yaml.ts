import type { Content } from '#src/template/content.ts';
import { yamlContent } from '#src/template/yaml.ts';

/**
 * YAML as K3s reads it: its parser speaks YAML 1.1, where an unquoted `on`, `0644` or `12:30` is no string.
 * Keys without a value are left out.
 */
export function k3sYaml(values: Readonly<Record<string, unknown>>): Content {
  const content = yamlContent(defined(values), { version: '1.1' });
  return typeof content === 'string' ? `${HEADING}${content}` : [HEADING, ...content];
}

const HEADING = '# Written by picluster; what is changed here by hand is changed back.\n';

const defined = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
