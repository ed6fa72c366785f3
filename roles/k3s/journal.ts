import type { ActionContext } from '#src/role/action.ts';
import { sh } from '#src/shell/script.ts';

/** The last lines that a unit wrote on the action's host; empty when they cannot be had. */
export async function journalTail({ host, shell, signal }: ActionContext, unit: string): Promise<string> {
  const root = await shell(host.name);
  const reply = await root.run({
    script: sh`journalctl -u ${unit} -n 20 --no-pager -o cat`,
    step: `log of ${unit}`,
    timeoutMs: 15_000,
    signal,
  });
  return reply.stdout.toString().trim();
}
