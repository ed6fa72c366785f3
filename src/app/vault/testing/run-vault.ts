import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

export const LAUNCHER = fileURLToPath(new URL('../../../../bin/picluster.js', import.meta.url));
const BOUND_MS = 90_000;

interface Given {
  readonly input?: string;
  /** File that descriptor 3 reads. */
  readonly fd3?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const vaultEnv = (directory: string, home: { env: Record<string, string> }): Record<string, string> => ({
  ...home.env,
  HOME: directory,
  PICLUSTER_CLUSTER: directory,
  PICLUSTER_VAULT_KEY: '',
});

/** What `picluster vault ...` says to somebody without a terminal, and how it ends. */
export async function runVault(
  directory: string,
  home: { env: Record<string, string> },
  args: readonly string[],
  { input = '', fd3 = '/dev/null', env = {} }: Given = {},
): Promise<{ exitCode: number | undefined; output: string }> {
  const { exitCode, all } = await execa(
    '/bin/sh',
    ['-c', 'exec "$@" 3<"$0"', fd3, process.execPath, LAUNCHER, 'vault', ...args],
    {
      reject: false,
      all: true,
      input,
      timeout: BOUND_MS,
      env: { ...vaultEnv(directory, home), ...env },
    },
  );
  return { exitCode, output: all };
}
