import { stringify } from 'yaml';
import type { Imported } from './import.ts';

const SCHEMA = (depth: string, name: string): string => `# yaml-language-server: $schema=${depth}.schema/${name}.json\n`;
const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** The files of the cluster directory by path; those with secrets are told apart. Pure. */
export function clusterFiles({ draft }: Imported): { path: string; text: string; isSecret: boolean }[] {
  const plain = (path: string, text: string) => ({ path, text, isSecret: false });
  const folder = (name: string, all: Record<string, Record<string, unknown>>) =>
    Object.entries(all).map(([scope, vars]) => plain(`${name}/${scope}.yaml`, SCHEMA('../', 'vars') + yaml(vars)));
  const secrets =
    Object.keys(draft.secrets).length > 0 ? [{ path: 'secrets.yaml', text: yaml(nested(draft.secrets)), isSecret: true }] : [];
  return [
    plain('cluster.yaml', SCHEMA('', 'cluster') + yaml(draft.cluster)),
    plain('hosts.yaml', SCHEMA('', 'hosts') + yaml({ hosts: draft.hosts, groups: draft.groups })),
    plain('.gitignore', 'secrets.yaml\n*.secrets.yaml\n.schema/\n'),
    ...folder('group_vars', draft.groupVars),
    ...folder('host_vars', draft.hostVars),
    ...secrets,
  ];
}

/** `{'k3s.token': x}` as `{k3s: {token: x}}`. */
function nested(secrets: Record<string, string>): Record<string, unknown> {
  const result: Record<string, Record<string, string>> = {};
  for (const [path, value] of Object.entries(secrets)) {
    const [head = '', ...rest] = path.split('.');
    result[head] = { ...result[head], [rest.join('.')]: value };
  }
  return result;
}

/** What came of it, for a person: what to do first, what was taken otherwise, what was left. */
export function importReport({ draft, todo, told, unused }: Imported, directory: string): string {
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  - ${line}`)];
  const counts = `${Object.keys(draft.hosts).length} hosts, ${Object.keys(draft.groups).length} groups, release ${draft.cluster.release}`;
  return [
    `wrote ${directory}: ${counts}`,
    ...list('To do before the first plan:', todo),
    ...list('Taken otherwise than it is written:', told),
    ...list(`Not taken over (${unused.length}): picluster has no part for these, they stay with Ansible:`, unused),
    '',
    `next: picluster inventory -C ${directory}; then picluster plan -C ${directory}, which changes nothing`,
    '',
  ].join('\n');
}
