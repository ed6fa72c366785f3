import { secretNamesIn } from '#src/template/secret-names.ts';
import type { SecretUses } from './check-secrets.ts';
import { type Draft, rolesOf } from './draft.ts';
import type { Findings } from './findings.ts';
import { secretsOfHost } from './secret-layers.ts';

/** Names in `{{secret "name"}}`: of templates that the cluster directory brings, and of those in the folders of its roles. */
export function checkTemplateSecrets(draft: Draft, uses: SecretUses, findings: Findings): void {
  const { templates, roles, secrets } = draft.files;
  const texts = [...templates, ...[...roles].filter(([path]) => !path.endsWith('.ts'))];
  for (const [path, { file, text }] of texts) {
    if (!text.includes('secret')) continue;
    const role = path.split('/')[0] ?? '';
    const hosts = draft.hostNames.filter((host) => rolesOf(host, draft).includes(role));
    for (const { name, line, column } of secretNamesIn(text)) {
      const at = { file, line, column, path: '' };
      if (name === undefined) findings.add({ ...at, message: '{{secret}} takes a name in quotes: {{secret "k3s.token"}}' });
      else for (const host of hosts) uses.add(at, name, host, secretsOfHost(host, draft.membership, secrets));
    }
  }
}
