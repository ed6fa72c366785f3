import { PiclusterError } from '#src/errors.ts';
import { parseEnd } from './after.ts';
import { type Draft, groupNames } from './draft.ts';
import type { Findings } from './findings.ts';
import { HOOKED_COMMANDS, UPGRADE } from './hooks.ts';
import { groupsOf } from './host-layers.ts';
import { originAt } from './layers.ts';
import { selectHosts } from './select.ts';
import { suggestion } from './suggest.ts';

/** Names in `hooks` and `after` of cluster.yaml. */
export function checkExtensions(draft: Draft, roleNames: readonly string[], findings: Findings): void {
  checkHooks(draft, roleNames, findings);
  checkAfter(draft, roleNames, findings);
}

function checkHooks(draft: Draft, roleNames: readonly string[], findings: Findings): void {
  const candidates = draft.hostNames.map((name) => ({ name, groups: groupsOf(name, draft.membership) }));
  for (const [index, hook] of (draft.cluster?.hooks ?? []).entries()) {
    const key = hook.before === undefined ? 'after' : 'before';
    const where = hook[key] ?? '';
    const known = [...HOOKED_COMMANDS, UPGRADE, ...roleNames];
    if (!where.includes('/') && !known.includes(where))
      findings.at(
        originAt(draft.clusterTree, ['hooks', index, key]),
        `there is no command with hooks and no role "${where}"${suggestion(where, known)}`,
      );
    const isCommand = HOOKED_COMMANDS.some((command) => command === where);
    if (isCommand && hook.on === 'host')
      findings.at(
        originAt(draft.clusterTree, ['hooks', index, 'on']),
        `a hook around ${where} has no host: it runs on this machine`,
      );
    if (hook.hosts === undefined) continue;
    try {
      selectHosts(candidates, hook.hosts);
    } catch (error) {
      if (!(error instanceof PiclusterError)) throw error;
      findings.at(originAt(draft.clusterTree, ['hooks', index, 'hosts']), error.message.replace(/^--limit:? /, ''));
    }
  }
}

function checkAfter(draft: Draft, roleNames: readonly string[], findings: Findings): void {
  const places = [...draft.hostNames, ...groupNames(draft)];
  const checkEnd = (text: string, path: (string | number)[], isKey: boolean): void => {
    const { role, place } = parseEnd(text);
    const origin = originAt(draft.clusterTree, ['after', ...path]);
    const tell = (message: string): void => (isKey ? findings.atKey(origin, message) : findings.at(origin, message));
    if (!roleNames.includes(role)) tell(`unknown role "${role}"${suggestion(role, roleNames)}`);
    if (place !== undefined && !places.includes(place)) tell(`there is no host or group "${place}"${suggestion(place, places)}`);
  };
  for (const [from, to] of Object.entries(draft.cluster?.after ?? {})) {
    checkEnd(from, [from], true);
    for (const [index, end] of [to].flat().entries()) checkEnd(end, Array.isArray(to) ? [from, index] : [from], false);
  }
}
