import { readFileSync } from 'node:fs';
import { rawScript, type Script } from '#src/shell/script.ts';

let text: string | undefined;

/** The script whose output `parseFacts` reads. Changes nothing. Needs the shell prelude (`record`). */
export function factsScript(): Script {
  text ??= readFileSync(new URL('facts.sh', import.meta.url), 'utf8').replaceAll(/^#.*\n/gm, '');
  return rawScript(text);
}
