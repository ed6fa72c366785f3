import { parseEndpoint } from '#src/endpoint.ts';
import type { Target } from '#src/transport/connection.ts';
import type { Draft } from './draft.ts';
import type { Findings } from './findings.ts';
import { type Origin, originAt, showOrigin, type Tree } from './layers.ts';
import type { HostSettings } from './target.ts';

/** How hosts are reached, as parsed, with where it stands. */
export type Reach = ReadonlyMap<string, { tree: Tree; parsed: HostSettings | undefined }>;

/** Reached without a jump host, whatever the operator's ssh_config says. */
const DIRECT = 'none';

/** The hosts on the way to one, the nearest to us first; undefined: the inventory does not say. Empty: none. */
function wayTo(host: string, reach: Reach): readonly string[] | undefined {
  const { jump } = reach.get(host)?.parsed ?? {};
  if (jump === undefined) return undefined;
  const words = [jump].flat();
  if (words.includes(DIRECT)) return [];
  // A jump host may be in the group whose hosts are behind it.
  const self = isOwn(host, reach) ? -1 : words.indexOf(host);
  return self === -1 ? words : words.slice(0, self);
}

const originOf = (host: string, reach: Reach): Origin => originAt(reach.get(host)!.tree, ['jump']);

function isOwn(host: string, reach: Reach): boolean {
  const origin = originOf(host, reach);
  return origin.kind === 'file' && origin.path[0] === 'hosts';
}

/** Ways that lead nowhere: through the host itself, twice through the same, or in a circle. */
export function checkJumps({ hostNames }: Draft, reach: Reach, findings: Findings): void {
  for (const host of hostNames) {
    const words = [reach.get(host)?.parsed?.jump ?? []].flat();
    const way = wayTo(host, reach) ?? [];
    const mistake = (message: string): void => findings.at(originOf(host, reach), message);
    if (words.length > 1 && words.includes(DIRECT)) mistake(`"${DIRECT}" must stand alone`);
    if (way.includes(host)) mistake('a host cannot be behind itself');
    for (const word of new Set(way.filter((each, index) => way.indexOf(each) !== index))) mistake(`leads through ${word} twice`);
    const circle = circleFrom(host, reach);
    const next = circle[1];
    if (next === undefined) continue;
    const others = circle.slice(2).map((name) => `, that behind ${name}`);
    mistake(`${host} is behind ${next}${others.join('')}, and so behind itself (${placesOf(circle, host, reach)})`);
  }
}

/** From a host along the first jump of each, back to it; empty when that leads elsewhere. Later jumps of a list ignore their own. */
function circleFrom(host: string, reach: Reach): string[] {
  const seen = [host];
  for (;;) {
    const next = wayTo(seen.at(-1)!, reach)?.[0];
    if (next === undefined || !reach.has(next)) return [];
    if (next === host) return seen.length > 1 ? [...seen, host] : [];
    if (seen.includes(next)) return [];
    seen.push(next);
  }
}

const placesOf = (circle: readonly string[], host: string, reach: Reach): string =>
  [...new Set(circle)]
    .filter((name) => name !== host)
    .map((name) => `${name}: ${showOrigin(originOf(name, reach))}`)
    .join(', ');

/** Gives each target the way to it. `targets` have none yet; the inventory was found without circles. */
export function withJumps(targets: ReadonlyMap<string, Target>, reach: Reach): Map<string, Target> {
  const linked = new Map<string, Target>();
  const link = (host: string): Target => {
    const known = linked.get(host);
    if (known) return known;
    const target = targets.get(host)!;
    const way = wayTo(host, reach);
    const jump = way?.reduce<Target | typeof DIRECT>((before, word) => hop(word, before, target), DIRECT);
    const result = Object.freeze({ ...target, ...(jump !== undefined && { jump }) });
    linked.set(host, result);
    return result;
  };
  /** The first jump of a list is reached its own way, each further one through the one before. */
  const hop = (word: string, before: Target | typeof DIRECT, behind: Target): Target => {
    const own = targets.get(word);
    if (before === DIRECT) return own ? link(word) : outsider(word, behind);
    return Object.freeze({ ...(own ?? outsider(word, behind)), jump: before });
  };
  for (const host of targets.keys()) link(host);
  return linked;
}

/** A jump host that is not of the inventory: like with ssh, its user and the like are those of ssh_config; our keys are tried. */
function outsider(word: string, { identityFiles, connectTimeoutMs }: Target): Target {
  const { address = word, port = 22, user = '' } = parseEndpoint(word) ?? {};
  return { name: word, address, port, user, become: { method: 'none' }, hostKeys: [], identityFiles, connectTimeoutMs };
}
