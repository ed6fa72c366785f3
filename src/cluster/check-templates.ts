import type { Findings } from './findings.ts';
import type { ClusterFiles } from './read.ts';
import { suggestion } from './suggest.ts';

/** Names of the templates of each role. */
export type RoleTemplates = Readonly<Record<string, readonly string[]>>;

/** Files under templates/ that no role renders. */
export function checkTemplates(files: ClusterFiles, templates: RoleTemplates, findings: Findings): void {
  const known = Object.entries(templates).flatMap(([role, names]) => names.map((name) => `${role}/${name}`));
  for (const [path, { file }] of files.templates) {
    if (known.includes(path) || path === 'README.md') continue;
    findings.add({ file, line: 1, column: 1, path: '', message: `no role has this template${suggestion(path, known)}` });
  }
}
