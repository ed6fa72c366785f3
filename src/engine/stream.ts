import { randomBytes } from 'node:crypto';
import type { Apply } from '#src/resource/kind.ts';
import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { revealContent } from '#src/template/content.ts';

/** What a streamed apply says, in order, while it runs. */
export type StreamEvent =
  | { type: 'begin'; index: number }
  | { type: 'output'; index: number; text: string }
  | { type: 'end'; index: number; exitCode: number };

/** Exit status of a stream that was stopped by a failing step. */
export const STREAM_STOPPED = 91;

/**
 * One script that applies several steps, one after the other, and marks where each begins and ends. The first failure ends it, unless all are asked for.
 * Output and errors of a step come together, as a person would see them. Standard input goes base64-encoded through a here-document:
 * binary-safe, and never in argv.
 */
export function streamScript(applies: readonly Apply[], marker: string, { all = false } = {}): Script {
  const stop = all ? sh`:` : sh`[ "$apply_status" -eq 0 ] || exit ${STREAM_STOPPED}`;
  return joinScripts(applies.flatMap((apply, index) => [stepScript(apply, index, marker), stop]));
}

export const newMarker = (): string => `picluster-${randomBytes(9).toString('hex')}`;

function stepScript(apply: Apply, index: number, marker: string): Script {
  const begin = sh`printf '\n%s begin %s\n' ${marker} ${index}`;
  const end = sh`
    apply_status=$?
    printf '\n%s end %s %s\n' ${marker} ${index} "$apply_status"`;
  return joinScripts([begin, body(apply, marker), end]);
}

function body(apply: Apply, marker: string): Script {
  if (apply.stdin === undefined) return joinScripts([rawScript('( set -eu'), apply.script, rawScript(') </dev/null 2>&1')]);
  const encoded = Buffer.from(revealContent(apply.stdin))
    .toString('base64')
    .replaceAll(/.{1,4000}/g, '$&\n');
  // A here-document begins on the line after its operator: so it stands inside the parenthesis that reads it.
  return joinScripts([rawScript(`base64 -d <<'${marker}' | (\n${encoded}${marker}\nset -eu`), apply.script, rawScript(') 2>&1')]);
}

/** Turns the bytes of a streamed apply into events; feed it every chunk, in order. */
export class StreamParser {
  readonly #marker: string;
  readonly #emit: (event: StreamEvent) => void;
  #rest = '';
  #current = -1;

  constructor(marker: string, emit: (event: StreamEvent) => void) {
    this.#marker = marker;
    this.#emit = emit;
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (!line.startsWith(`${this.#marker} `)) {
      if (this.#current >= 0 && line !== '') this.#emit({ type: 'output', index: this.#current, text: line });
      return;
    }
    const [word, index, exitCode] = line.slice(this.#marker.length + 1).split(' ');
    this.#current = word === 'begin' ? Number(index) : -1;
    if (word === 'begin') this.#emit({ type: 'begin', index: Number(index) });
    else this.#emit({ type: 'end', index: Number(index), exitCode: Number(exitCode) });
  }
}
