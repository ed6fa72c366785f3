import { userInfo } from 'node:os';
import { matchesPatterns, type SshConfig, type SshConfigLine } from './ssh-config-file.ts';

/** The part of ssh_config(5) that we follow. Everything else of a file is left to ssh. */
export interface SshSettings {
  hostName?: string;
  user?: string;
  port?: number;
  identityFiles: string[];
  identitiesOnly: boolean;
  /** Words of ProxyJump, the nearest to us first; empty: none. */
  proxyJump?: string[];
  /** Where ProxyCommand stands: ssh would run it, we do not. */
  proxyCommand?: string;
  /** Words that would matter for this host and are not followed, for people: `HostKeyAlias (line 7)`. */
  unsupported: string[];
}

/** Not followed, but decisive for how a host is reached. */
const DECISIVE: Readonly<Record<string, string>> = {
  certificatefile: 'CertificateFile',
  pkcs11provider: 'PKCS11Provider',
  hostkeyalias: 'HostKeyAlias',
};

/** What the file says about one host: the first value found wins, identity files add up. Pure, but for who we are. */
export function sshSettings(config: SshConfig, host: string, home: string): SshSettings {
  const settings: SshSettings = { identityFiles: [], identitiesOnly: false, unsupported: [] };
  follow(config, settings, { host, home, seen: new Set() }, true);
  return settings;
}

interface Context {
  host: string;
  home: string;
  /** Keywords that have their value. */
  seen: Set<string>;
}

/** An included file goes on where the Include stands; a Host or Match inside ends with it. */
function follow(lines: SshConfig, settings: SshSettings, context: Context, isOuterOn: boolean): void {
  let applies = isOuterOn;
  for (const line of lines) {
    if (line.keyword === 'host') applies = isOuterOn && matchesPatterns(line.values, context.host);
    else if (line.keyword === 'match') applies = isOuterOn && matchApplies(line, settings, context);
    else if (!applies) continue;
    else if (line.keyword === 'include') for (const file of line.included ?? []) follow(file, settings, context, true);
    else take(line, settings, context);
  }
}

function take({ keyword, values, place }: SshConfigLine, settings: SshSettings, { host, home, seen }: Context): void {
  const [value = ''] = values;
  if (DECISIVE[keyword] && value !== 'none') settings.unsupported.push(`${DECISIVE[keyword]} (${place})`);
  if (keyword === 'identityfile') {
    if (value !== 'none') settings.identityFiles.push(expand(value, host, home));
    return;
  }
  // Whichever of the two comes first decides, as for ssh.
  const once = keyword === 'proxycommand' ? 'proxyjump' : keyword;
  if (seen.has(once)) return;
  seen.add(once);
  if (keyword === 'hostname') settings.hostName = value.replaceAll('%h', host);
  else if (keyword === 'user') settings.user = value;
  else if (keyword === 'port') settings.port = Number(value);
  else if (keyword === 'identitiesonly') settings.identitiesOnly = value.toLowerCase() === 'yes';
  else if (keyword === 'proxyjump') settings.proxyJump = value.toLowerCase() === 'none' ? [] : value.split(',').filter(Boolean);
  else if (keyword === 'proxycommand' && value.toLowerCase() !== 'none') settings.proxyCommand = place;
}

/** Criteria that can be judged without running anything; a line with another one is told and not applied. */
function matchApplies({ values, place }: SshConfigLine, settings: SshSettings, { host }: Context): boolean {
  const words = [...values];
  let applies = words.length > 0;
  while (words.length > 0) {
    const word = (words.shift() ?? '').toLowerCase();
    const criterion = word.replace(/^!/, '');
    if (criterion === 'all') {
      applies &&= criterion === word;
      continue;
    }
    const subject = subjectOf(criterion, settings, host);
    if (subject === undefined) {
      settings.unsupported.push(`Match ${criterion} (${place})`);
      return false;
    }
    const fits = matchesPatterns((words.shift() ?? '').split(','), subject);
    applies &&= fits !== word.startsWith('!');
  }
  return applies;
}

function subjectOf(criterion: string, { hostName, user }: SshSettings, host: string): string | undefined {
  if (criterion === 'host') return hostName ?? host;
  if (criterion === 'originalhost') return host;
  if (criterion === 'user') return user ?? userInfo().username;
  if (criterion === 'localuser') return userInfo().username;
  return undefined;
}

function expand(path: string, host: string, home: string): string {
  const tokens: Readonly<Record<string, string>> = { '%d': home, '%h': host, '%%': '%' };
  return path.replace(/^~(?=\/|$)/, home).replaceAll(/%[dh%]/g, (token) => tokens[token] ?? token);
}
