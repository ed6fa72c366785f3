import { readFileSync } from 'node:fs';
import type { LockRequest } from '#src/transport/connection.ts';
import { quote } from './script.ts';

const texts = new Map<string, string>();

/** The text of a file beside this one, without its comment lines: every host of every run is sent it. */
function read(name: string): string {
  const text = texts.get(name) ?? readFileSync(new URL(name, import.meta.url), 'utf8').replaceAll(/^\s*#.*\n/gm, '');
  texts.set(name, text);
  return text;
}

/** What is sent once, right after the shell was started: it answers with a frame `ready`, `locked <holder>` or `failed <why>`. */
export function openingText(options: { marker: string; shell: string; lock?: LockRequest | undefined }): string {
  const { marker, shell, lock } = options;
  return [
    `picluster_marker=${quote(marker)}`,
    `picluster_shell=${quote(shell)}`,
    `picluster_prelude=${quote(read('prelude.sh'))}`,
    read('serve.sh'),
    ...(lock
      ? [`picluster_lock ${quote(lock.path)} ${quote(lock.holder.replaceAll('\n', ' '))}${lock.again ? ' again' : ''}`]
      : []),
    'command -v setsid >/dev/null 2>&1 || { picluster_frame failed "setsid is not installed (package util-linux)"; exit 1; }',
    'picluster_frame ready',
    '',
  ].join('\n');
}

/** One request: both streams say where its output begins, and with which process (leader of its session). */
export function requestText(marker: string, id: number, script: string): string {
  const begin = quote(`${marker} begin ${id}`);
  const head = `printf '%s %s\\n' ${begin} "$$"; printf '%s\\n' ${begin} >&2; exec 3<&-`;
  return `picluster_request ${id} ${quote(head)} ${quote(script)}\n`;
}

export const signalText = (signal: 'TERM' | 'KILL', session: number): string => `picluster_signal ${signal} ${session}\n`;
