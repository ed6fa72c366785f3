import type { Draft } from './draft.ts';
import type { Findings } from './findings.ts';
import { originAt } from './layers.ts';

/** Credentials fit the URL; manifests are there. */
export function checkGitops(draft: Draft, findings: Findings): void {
  const gitops = draft.cluster?.gitops;
  if (!gitops) return;
  const at = (...path: (string | number)[]) => originAt(draft.clusterTree, ['gitops', ...path]);
  const isSsh = gitops.url.startsWith('ssh:');
  if (gitops.auth === 'ssh' && !isSsh) findings.at(at('auth'), 'ssh keys need a URL that begins with ssh://');
  if (gitops.auth !== 'ssh' && isSsh) findings.at(at('auth'), 'must be ssh: the URL begins with ssh://');
  if (/^https?:\/\/[^/]*@/.test(gitops.url))
    findings.at(at('url'), 'holds credentials: put them into secrets.yaml (git.username, git.token)');
  for (const [index, file] of gitops.before.entries())
    if (!draft.files.manifests.has(file)) findings.at(at('before', index), `there is no file ${file} in the cluster directory`);
}
