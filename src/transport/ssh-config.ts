import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The part of ssh_config(5) that we follow. Everything else of a file is left to ssh. */
export interface SshSettings {
  hostName?: string;
  user?: string;
  port?: number;
  identityFiles: string[];
  identitiesOnly: boolean;
  /** Words that would matter for this host and are not followed, for people: `ProxyJump (line 7)`. */
  unsupported: string[];
}

interface Line {
  number: number;
  keyword: string;
  values: string[];
}

/** Not followed, but decisive for how a host is reached. */
const DECISIVE = new Set(['include', 'match', 'proxyjump', 'proxycommand', 'certificatefile', 'pkcs11provider', 'hostkeyalias']);

/** The operator's own file; a missing one is empty. */
export async function readSshConfig(path = join(homedir(), '.ssh', 'config')): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** What the file says about one host: the first value found wins, identity files add up. Pure. */
export function sshSettings(config: string, host: string, home: string): SshSettings {
  const settings: SshSettings = { identityFiles: [], identitiesOnly: false, unsupported: [] };
  const seen = new Set<string>();
  let applies = true;
  for (const line of parseLines(config)) {
    const { keyword, values } = line;
    const [value = ''] = values;
    if (keyword === 'host') {
      applies = matches(values, host);
      continue;
    }
    if (DECISIVE.has(keyword) && (applies || keyword === 'match') && value !== 'none') {
      settings.unsupported.push(`${SPELLING[keyword] ?? keyword} (line ${line.number})`);
    }
    if (keyword === 'match') applies = false;
    if (!applies) continue;
    if (keyword === 'identityfile') {
      if (value !== 'none') settings.identityFiles.push(expand(value, host, home));
      continue;
    }
    if (seen.has(keyword)) continue;
    seen.add(keyword);
    if (keyword === 'hostname') settings.hostName = value.replaceAll('%h', host);
    else if (keyword === 'user') settings.user = value;
    else if (keyword === 'port') settings.port = Number(value);
    else if (keyword === 'identitiesonly') settings.identitiesOnly = value.toLowerCase() === 'yes';
  }
  return settings;
}

const SPELLING: Readonly<Record<string, string>> = {
  include: 'Include',
  match: 'Match',
  proxyjump: 'ProxyJump',
  proxycommand: 'ProxyCommand',
  certificatefile: 'CertificateFile',
  pkcs11provider: 'PKCS11Provider',
  hostkeyalias: 'HostKeyAlias',
};

function parseLines(config: string): Line[] {
  return config.split('\n').flatMap((text, index) => {
    const [, keyword, rest = ''] = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(text) ?? [];
    if (keyword === undefined) return [];
    const values = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
    return [{ number: index + 1, keyword: keyword.toLowerCase(), values: untilComment(values) }];
  });
}

function untilComment(values: string[]): string[] {
  const at = values.findIndex((value) => value.startsWith('#'));
  return at === -1 ? values : values.slice(0, at);
}

/** A negated pattern that matches rules the whole line out, wherever it stands. */
function matches(patterns: readonly string[], host: string): boolean {
  const fits = (pattern: string): boolean => wildcard(pattern).test(host);
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i');
}

function expand(path: string, host: string, home: string): string {
  const tokens: Readonly<Record<string, string>> = { '%d': home, '%h': host, '%%': '%' };
  return path.replace(/^~(?=\/|$)/, home).replaceAll(/%[dh%]/g, (token) => tokens[token] ?? token);
}
