import type { ShellChannel } from './channel.ts';
import { quote } from './script.ts';

/**
 * doas reads a password from a terminal only, and a terminal merges and rewrites what a framed shell needs apart. So the terminal is there
 * to become root, and everything else goes through three named pipes that lead to a second channel. They are the login
 * user's alone, in a directory of root's where nobody can put others in their place, and gone once both ends have them.
 */
export function rootSide({ user, marker, program }: { user: string; marker: string; program: string | undefined }): string {
  return [
    'umask 077',
    `d=$(mktemp -d /tmp/.picluster.XXXXXX) && mkfifo "$d/in" "$d/out" "$d/err" && chown ${quote(user)} "$d"/* && chmod 711 "$d" || exit 1`,
    // A hang-up ends the shell that waits for the other ends: whoever outlives it clears up.
    `(trap '' HUP; exec </dev/null >/dev/null 2>&1; sleep ${CLEAR_UP_S}; rm -rf "$d") & clears_up=$!`,
    `printf '%s pipes %s\\n' ${quote(marker)} "$d"`,
    'exec 3<"$d/in" 4>"$d/out" 5>"$d/err"',
    'rm -rf "$d"; kill "$clears_up"',
    `exec sh ${program === undefined ? '' : `-c ${quote(program)} `}<&3 >&4 2>&5 3<&- 4>&- 5>&-`,
  ].join('\n');
}

const CLEAR_UP_S = 20;

/** For the login user: its three streams are those of the root shell behind the pipes. */
export const userSide = (directory: string): string => {
  const [input, output, errors] = ['in', 'out', 'err'].map((name) => quote(`${directory}/${name}`));
  return `exec sh -c ${quote(`cat <${output} & cat <${errors} >&2 & exec cat >${input}`)}`;
};

/** What `rootSide` may answer: nothing else is put into a command line. */
export const isPipes = (directory: string): boolean => /^\/tmp\/\.picluster\.[A-Za-z0-9]+$/.test(directory);

/** The terminal lives as long as the root shell on it. */
export function joined(terminal: ShellChannel, data: ShellChannel): ShellChannel {
  terminal.stdout.resume();
  terminal.stderr.resume();
  return {
    stdin: data.stdin,
    stdout: data.stdout,
    stderr: data.stderr,
    ended: Promise.race([terminal.ended, data.ended]),
    destroy() {
      data.destroy();
      terminal.destroy();
    },
  };
}
