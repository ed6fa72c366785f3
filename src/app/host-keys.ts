import { join } from 'node:path';
import type { LoadedCluster } from '#src/cluster/loaded.ts';
import { showEndpoint } from '#src/endpoint.ts';
import { stateDirectory } from '#src/engine/state-directory.ts';
import { EXIT, PermissionError, UsageError } from '#src/errors.ts';
import type { OutputFormat } from '#src/render/renderer.ts';
import type { Target } from '#src/transport/connection.ts';
import { fingerprint, keyType } from '#src/transport/host-key.ts';
import { JumpHosts } from '#src/transport/jump-hosts.ts';
import { KnownHosts } from '#src/transport/known-hosts.ts';
import { type ConnectOptions, offeredKey, resolveTarget } from '#src/transport/ssh.ts';
import { readSshConfig } from '#src/transport/ssh-config-file.ts';
import { confirm } from './confirm.ts';
import { reportErrors } from './hosts-session.ts';
import { openCluster } from './open-cluster.ts';
import { listenForInterrupts } from './signals.ts';

interface Flags {
  cluster?: string;
  set: string[];
}

/** Prints how each host, and each jump host, proves that it is the one we know. */
export async function listHostKeys(flags: Flags & { output: OutputFormat }): Promise<void> {
  const { cluster } = await openCluster(flags);
  const { knownHosts, sshConfig } = await parts(cluster);
  const rows = targetsOf(cluster).flatMap((wanted) => {
    const target = resolveTarget(wanted, sshConfig);
    return keysOf(target, cluster, knownHosts).map((key) => ({
      host: target.name,
      address: target.address,
      port: target.port,
      ...key,
    }));
  });
  if (flags.output === 'json') for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else for (const row of rows) process.stdout.write(`${describeRow(row)}\n`);
}

interface KeyRow {
  type: string | null;
  fingerprint: string | null;
  trust: 'pinned' | 'first use' | 'not seen yet';
  /** When it was trusted, ISO 8601; or the line that pins it. */
  since: string | null;
  where: string | null;
}

function keysOf({ name, address, port, hostKeys }: Target, cluster: LoadedCluster, knownHosts: KnownHosts): KeyRow[] {
  if (hostKeys.length > 0) {
    const where = cluster.originOfReach(name, 'hostKey');
    return hostKeys.map((pinned) => ({ type: null, fingerprint: pinned, trust: 'pinned', since: null, where }));
  }
  const known = knownHosts.entriesOf(address, port);
  if (known.length === 0) return [{ type: null, fingerprint: null, trust: 'not seen yet', since: null, where: null }];
  const where = knownHosts.path;
  return known.map(({ key, since }) => ({
    type: keyType(key),
    fingerprint: fingerprint(key),
    trust: 'first use',
    since: since ?? null,
    where,
  }));
}

function describeRow({
  host,
  address,
  port,
  type,
  fingerprint,
  trust,
  since,
  where,
}: KeyRow & { host: string; address: string; port: number }): string {
  const how = trust === 'pinned' ? `pinned (${where})` : since === null ? trust : `${trust}, since ${since.slice(0, 19)}Z`;
  return [host, showEndpoint(address, port), type, fingerprint, how].filter((cell) => cell !== null).join('  ');
}

/**
 * Shows the known and the offered key of each host and trusts the offered ones once a person said yes. Nobody logs in. Returns the exit code;
 * throws UsageError for unknown hosts and when there is nobody to ask, PermissionError (77) for pinned ones.
 */
export async function rotateHostKeys(names: readonly string[], flags: Flags & { yes?: boolean }): Promise<number> {
  const { cluster } = await openCluster(flags);
  const wanted = chosenTargets(names, cluster);
  if (!flags.yes && !process.stdin.isTTY)
    throw new UsageError('this asks before it trusts a key, and there is no terminal to ask on', {
      hint: 'give --yes once you know that the machines were installed anew',
    });
  const { knownHosts, sshConfig } = await parts(cluster);
  const interrupts = listenForInterrupts((text) => process.stderr.write(`${text}\n`));
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const options: ConnectOptions = {
    signal: interrupts.signal,
    knownHosts,
    sshConfig,
    jumps: new JumpHosts(),
    onHostKey: (key) => say(`${key.host}: first contact, its host key is now trusted: ${key.fingerprint}`),
  };
  try {
    const offers = await Promise.all(wanted.map((target) => offerOf(target, options)));
    const errors = new Map(offers.flatMap(({ target, error }) => (error ? [[target, error] as const] : [])));
    const changed = offers
      .flatMap(({ target, key }) => (key ? [{ target, key }] : []))
      .filter((offer) => isNews(offer, cluster, knownHosts, say));
    if (
      changed.length > 0 &&
      (flags.yes || (await confirm({ text: 'Trust what they offer from now on? Type yes: ', answer: 'yes' })))
    ) {
      for (const { target, key } of changed) knownHosts.replace(target.address, target.port, key);
      say(`written to ${knownHosts.path}`);
    } else if (changed.length > 0) return EXIT.interrupted;
    return reportErrors(errors);
  } finally {
    interrupts.dispose();
  }
}

interface Offer {
  target: Target;
  key?: Buffer;
  error?: Error;
}

async function offerOf(wanted: Target, options: ConnectOptions): Promise<Offer> {
  try {
    return await offeredKey(wanted, options);
  } catch (error) {
    if (error instanceof Error) return { target: wanted, error };
    throw error;
  }
}

/** Says what is known and what is offered. Throws PermissionError when the inventory pins another. */
function isNews(
  { target, key }: { target: Target; key: Buffer },
  cluster: LoadedCluster,
  knownHosts: KnownHosts,
  say: (text: string) => void,
): boolean {
  const { name, address, port, hostKeys } = target;
  const offered = fingerprint(key);
  const known = knownHosts.entriesOf(address, port);
  if (hostKeys.includes(offered) || (hostKeys.length === 0 && known.some((entry) => entry.key.equals(key)))) {
    say(`${name}: it has the key that we know (${offered}); nothing to do`);
    return false;
  }
  if (hostKeys.length > 0)
    throw new PermissionError(`the host key of ${name} is pinned in the inventory: only you can change it there`, {
      host: name,
      output: [`offered: ${offered} (${keyType(key)})`, ...hostKeys.map((pinned) => `pinned:  ${pinned}`)].join('\n'),
      hint: `if the machine was installed anew, put the offered fingerprint at ${cluster.originOfReach(name, 'hostKey')} (hostKey); else somebody is in between`,
    });
  say(`${name} at ${showEndpoint(address, port)}`);
  for (const entry of known)
    say(
      `  known:   ${fingerprint(entry.key)} (${keyType(entry.key)}${entry.since ? `, since ${entry.since.slice(0, 10)}` : ''})`,
    );
  if (known.length === 0) say('  known:   none yet');
  say(`  offered: ${offered} (${keyType(key)})`);
  return true;
}

async function parts(cluster: LoadedCluster) {
  const knownHosts = KnownHosts.open(join(await stateDirectory(cluster), 'known_hosts'));
  return { knownHosts, sshConfig: await readSshConfig() };
}

/** All hosts, and the jump hosts that are none of them; by name, each once. */
function targetsOf(cluster: LoadedCluster): Target[] {
  const found = new Map<string, Target>(cluster.hosts.map(({ name, target }) => [name, target]));
  const add = ({ jump }: Target): void => {
    if (jump === undefined || jump === 'none') return;
    if (!found.has(jump.name)) found.set(jump.name, jump);
    add(jump);
  };
  for (const { target } of cluster.hosts) add(target);
  return [...found.values()];
}

function chosenTargets(names: readonly string[], cluster: LoadedCluster): Target[] {
  const all = new Map(targetsOf(cluster).map((target) => [target.name, target]));
  const unknown = names.filter((name) => !all.has(name));
  if (unknown.length > 0)
    throw new UsageError(`no such host: ${unknown.join(', ')}`, { hint: `there are: ${[...all.keys()].join(', ')}` });
  return [...new Set(names)].map((name) => all.get(name)!);
}
