import type { Become } from '#src/transport/connection.ts';
import { quote } from './script.ts';

/** How a command line is started as root, and whether a password will be asked for. */
export interface BecomeCommand {
  command: string;
  /** What the other end prints when it wants the password; the password is sent only then. */
  prompt: RegExp | undefined;
  /** It asks on a terminal only. */
  onTerminal: boolean;
}

/** opendoas, with PAM and without: `doas (ada@n1) password: `. */
const DOAS_PROMPT = /doas \(.*\) password: /g;

/** The command line for the login user's shell, whatever that is. `program` is text for `sh -c`; without it `sh` reads standard input. */
export function becomeCommand(become: Become, marker: string, program?: string): BecomeCommand {
  const shell = program === undefined ? 'sh' : `sh -c ${quote(program)}`;
  const unasked = { prompt: undefined, onTerminal: false };
  if (become.method === 'none') return { command: `exec ${shell}`, ...unasked };
  if (become.method === 'sudo') {
    if (!become.password) return { command: `exec sudo -n ${shell}`, ...unasked };
    const prompt = `${marker}-password`;
    return { command: `exec sudo -S -p ${quote(prompt)} ${shell}`, prompt: new RegExp(prompt, 'g'), onTerminal: false };
  }
  if (become.password) return { command: `exec doas ${shell}`, prompt: DOAS_PROMPT, onTerminal: true };
  return { command: `exec doas -n ${shell}`, ...unasked };
}

const DOAS_LINE = '"permit nopass USER as root" as the last line that matches in /etc/doas.conf';

/** What to do when becoming root failed, from what the machine said. */
export function becomeHint(become: Become, user: string, said: string): string {
  if (become.method === 'none') return `the login shell of ${user} must be able to start sh`;
  if (/not found|No such file/.test(said)) return `install ${become.method}, or set another become method in hosts.yaml`;
  if (/tty|terminal is required to read/.test(said) && !/password/.test(said)) {
    return `remove "requiretty" for ${user} in the sudoers of this host`;
  }
  if (become.method === 'doas' && /authenticat/i.test(said))
    return `put its password into the secrets (become), type it (--ask-become-pass), or let ${user} do it without: ${DOAS_LINE}`;
  if (/password|authenticat/i.test(said))
    return `give ${user} NOPASSWD in sudoers, its password in the secrets (become), or type it: --ask-become-pass`;
  if (/not in the sudoers|not allowed|not permitted/i.test(said)) return `let ${user} use ${become.method} on this host`;
  return `try by hand: ssh ${user}@host ${become.method} id`;
}
