// Plain JavaScript that an old Node can read: see picluster.js.
import { fstatSync } from 'node:fs';

/**
 * The file descriptors that the command line and the environment name (`--passphrase-fd 3`, `PICLUSTER_VAULT_PASSPHRASE_FD=3`), as the
 * `stdio` of a child: it gets these and the first three, no others. One that is not open is left out: the child says so itself.
 */
export function stdioFor(args, env, isOpen = isOpenHere) {
  const named = [
    ...args.map((arg, index) => /^--[a-z-]+-fd(?:=(\d+))?$/.exec(arg) && (/=(\d+)$/.exec(arg)?.[1] ?? args[index + 1])),
    ...Object.entries(env).map(([name, value]) => /^PICLUSTER_\w+_FD$/.test(name) && value),
  ];
  const wanted = new Set(named.filter((text) => /^\d{1,4}$/.test(text || '')).map(Number));
  const last = Math.max(2, ...wanted);
  return Array.from({ length: last + 1 }, (_, fd) => (fd < 3 || (wanted.has(fd) && isOpen(fd)) ? fd : 'ignore'));
}

function isOpenHere(fd) {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
