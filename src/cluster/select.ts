import { UsageError } from '#src/errors.ts';
import type { Host } from './cluster.ts';
import { ALL, globToRegExp, matchHosts } from './groups.ts';
import { suggestion } from './suggest.ts';

type Candidate = Pick<Host, 'name' | 'groups'>;

/**
 * The hosts that `--limit` asks for, in inventory order: names, groups, globs, ranges, joined by comma or colon; `!x` takes away, `&x` keeps only those
 * in x too, whatever their place in the list. Without a pattern all hosts. Throws UsageError for what is unknown and when nothing is left.
 */
export function selectHosts<H extends Candidate>(hosts: readonly H[], pattern: string | undefined): readonly H[] {
  if (pattern === undefined) return hosts;
  const terms = splitTerms(pattern);
  if (terms.length === 0) throw new UsageError('--limit is empty', { hint: describeKnown(hosts) });
  const named = (sign: string): Set<H>[] =>
    terms.filter((term) => signOf(term) === sign).map((term) => resolve(term.slice(sign.length), hosts));
  const wanted = named('');
  const start = wanted.length > 0 ? wanted.reduce((all, some) => all.union(some)) : new Set(hosts);
  const kept = named('&').reduce((all, some) => all.intersection(some), start);
  const left = named('!').reduce((all, some) => all.difference(some), kept);
  if (left.size === 0) throw new UsageError(`--limit ${pattern} leaves no host`, { hint: describeKnown(hosts) });
  return hosts.filter((host) => left.has(host));
}

/** Commas and colons part terms, but not the colon of a range: `node[1:3]`. */
const splitTerms = (pattern: string): string[] =>
  pattern
    .split(/[,:](?![^[]*\])/)
    .map((term) => term.trim())
    .filter((term) => term !== '');

const signOf = (term: string): string => (/^[!&]/.test(term) ? term[0]! : '');

function resolve<H extends Candidate>(term: string, hosts: readonly H[]): Set<H> {
  const groups = groupsOf(hosts).filter((group) => globToRegExp(term).test(group));
  const names = new Set(
    matchHosts(
      term,
      hosts.map(({ name }) => name),
    ),
  );
  const found = hosts.filter((host) => names.has(host.name) || host.groups.some((group) => groups.includes(group)));
  if (term === ALL) return new Set(hosts);
  if (found.length > 0) return new Set(found);
  const known = [...hosts.map(({ name }) => name), ...groupsOf(hosts)];
  throw new UsageError(`--limit: no host or group matches "${term}"${suggestion(term, known)}`, { hint: describeKnown(hosts) });
}

const groupsOf = (hosts: readonly Candidate[]): string[] => [...new Set(hosts.flatMap(({ groups }) => groups))];

const describeKnown = (hosts: readonly Candidate[]): string =>
  `hosts: ${hosts.map(({ name }) => name).join(', ')}; groups: ${groupsOf(hosts).join(', ')}`;
