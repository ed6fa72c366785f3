import type { ActionContext } from '#src/role/action.ts';
import { sh } from '#src/shell/script.ts';
import { logFile } from './service-file.ts';

/** The last lines that a unit wrote on the action's host; empty when they cannot be had. */
export async function journalTail({ host, shell, signal }: ActionContext, unit: string): Promise<string> {
  const root = await shell(host.name);
  const reply = await root.run({
    script: sh`if command -v journalctl >/dev/null 2>&1; then journalctl -u ${unit} -n 20 --no-pager -o cat; else tail -n 20 ${logFile(unit)}; fi`,
    step: `log of ${unit}`,
    timeoutMs: 15_000,
    signal,
  });
  return reply.stdout.toString().trim();
}

/** Where to look next, on systems with a journal and on those without. */
export const logHint = (host: string, unit: string): string =>
  `look at its log: picluster exec -l ${host} journalctl -u ${unit} -n 50 (OpenRC: tail -n 50 ${logFile(unit)})`;
