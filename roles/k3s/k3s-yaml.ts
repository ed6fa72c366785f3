import { stringify } from 'yaml';

/**
 * YAML as K3s reads it: its parser speaks YAML 1.1, where an unquoted `on`, `0644` or `12:30` is no string.
 * Keys without a value are left out.
 */
export function k3sYaml(values: Readonly<Record<string, unknown>>): string {
  return `# Written by picluster; what is changed here by hand is changed back.\n${stringify(defined(values), { version: '1.1', lineWidth: 0 })}`;
}

const defined = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
