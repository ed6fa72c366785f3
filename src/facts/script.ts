import { readFileSync } from 'node:fs';
import { rawScript, type Script, sh } from '#src/shell/script.ts';

let text: string | undefined;

/** The script whose output `parseFacts` reads. Changes nothing. Needs the shell prelude (`record`). */
export function factsScript(): Script {
  text ??= readFileSync(new URL('facts.sh', import.meta.url), 'utf8').replaceAll(/^#.*\n/gm, '');
  return rawScript(text);
}

/**
 * Facts, and in the same request a probe made beforehand: it runs only if the host's fingerprint is the one given. Its output follows the
 * facts, `splitFacts` tells them apart. The facts have a shell of their own, so that none of their variables is seen by the probe.
 */
export function factsThenProbe(probe: Script, fingerprint: string): Script {
  return sh`
    facts() (
    ${factsScript()}
    [ "$fingerprint" = ${fingerprint} ]
    )
    if facts; then
    ${probe}
    fi`;
}
