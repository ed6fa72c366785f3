import { randomBytes } from 'node:crypto';
import { HostLostError, InterruptedError, LockedError, PermissionError } from '#src/errors.ts';
import type { Become, LockRequest } from '#src/transport/connection.ts';
import { becomeCommand, becomeHint } from './become.ts';
import type { OpenChannel, ShellChannel } from './channel.ts';
import { FrameReader } from './frames.ts';
import { openingText } from './program.ts';
import { StreamShell } from './root-shell.ts';

/** sudo may ask a slow directory or resolver first. */
const OPEN_TIMEOUT_MS = 20_000;

export interface OpenShellOptions {
  host: string;
  user: string;
  become: Become;
  lock?: LockRequest | undefined;
  signal: AbortSignal;
  /** The shell that runs the requests: `sh`; `busybox sh` in tests. */
  shell?: string;
  /** How long a request may take to end after TERM, and again after KILL; default 3 s. */
  graceMs?: number | undefined;
}

/** Frames by which the other end of a fresh channel may answer. */
type Answer = { word: string; text: string };

/**
 * Starts a shell as root and waits until it is ready: one exchange, one more when a password is asked for.
 * Throws PermissionError (77), LockedError (75), HostLostError (69), InterruptedError (130).
 */
export async function openRootShell(open: OpenChannel, options: OpenShellOptions): Promise<StreamShell> {
  const { host, become, signal } = options;
  const marker = newMarker();
  const needsPassword = become.method === 'sudo' && become.password !== undefined;
  const program = needsPassword ? `printf '%s asroot\\n' ${marker}; exec sh` : undefined;
  const { channel, next, said } = await startAsRoot(open, marker, program, options);
  const opening = openingText({ marker, shell: options.shell ?? 'sh', lock: options.lock });
  try {
    if (needsPassword) await next('asroot');
    channel.stdin.write(opening);
    await next('ready');
  } catch (error) {
    channel.destroy();
    throw error;
  }
  if (signal.aborted) {
    channel.destroy();
    throw new InterruptedError(`interrupted while a shell on ${host} was opened`, { host });
  }
  said.stop();
  return new StreamShell(channel, { host, marker, graceMs: options.graceMs });
}

export const newMarker = (): string => `picluster-${randomBytes(12).toString('hex')}`;

export interface StartedChannel {
  channel: ShellChannel;
  /** Waits for a frame; throws when the channel ended, the time is over, the run was interrupted, or another frame came. */
  next(word: string, timeoutMs?: number): Promise<string>;
  /** What came on stderr so far, without the prompt. `stop` ends listening. */
  said: { text(): string; stop(): void };
}

/** Starts a program as root and answers the password prompt, if any comes. */
export async function startAsRoot(
  open: OpenChannel,
  marker: string,
  program: string | undefined,
  options: OpenShellOptions,
): Promise<StartedChannel> {
  const { host, user, become, signal } = options;
  const { command, prompt } = becomeCommand(become, marker, program);
  const channel = await open(command);
  const said = listenStderr(channel, prompt);
  const answers: Answer[] = [];
  let wake = (): void => {};
  let refusal: Error | undefined;
  let hasAnswered = false;

  const reader = new FrameReader(
    marker,
    () => {},
    ([word = '', ...rest]) => {
      answers.push({ word, text: rest.join(' ') });
      wake();
    },
  );
  const onStdout = (chunk: Buffer): void => reader.push(chunk);
  channel.stdout.on('data', onStdout);
  said.onPrompt = () => {
    if (hasAnswered) {
      refusal = new PermissionError(`sudo on ${host} did not accept the password of ${user}`, {
        host,
        output: said.text(),
        hint: 'correct the become password in the secrets of the cluster',
      });
      wake();
      return;
    }
    hasAnswered = true;
    if (become.method === 'sudo' && become.password) channel.stdin.write(`${become.password.reveal()}\n`);
  };
  let end: { lost?: string | undefined; exitCode?: number | undefined } | undefined;
  void channel.ended.then((reason) => {
    end = reason;
    wake();
  });

  const next = async (word: string, timeoutMs = OPEN_TIMEOUT_MS): Promise<string> => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      wake();
    }, timeoutMs);
    const onAbort = (): void => wake();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        const answer = answers.shift();
        if (answer?.word === word) return answer.text;
        if (answer) throw refused(answer, options);
        if (refusal) throw refusal;
        if (signal.aborted) throw new InterruptedError(`interrupted while ${host} was asked`, { host });
        if (end) throw notStarted(end, said.text(), options);
        if (isLate) {
          throw new HostLostError(`${host} did not answer within ${timeoutMs / 1000} s`, {
            host,
            output: said.text(),
            hint: `is the machine overloaded, or ${become.method === 'none' ? 'its login shell' : become.method} slow? look with: ssh ${user}@${host}`,
          });
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  };
  const stop = (): void => {
    channel.stdout.off('data', onStdout);
    said.stop();
  };
  return { channel, next, said: { text: said.text, stop } };
}

function listenStderr(channel: ShellChannel, prompt: string | undefined) {
  let heard = '';
  const listener = {
    onPrompt: () => {},
    text: () => (prompt ? heard.replaceAll(prompt, '') : heard).trim().slice(-2000),
    stop: () => {
      channel.stderr.off('data', onData);
    },
  };
  let answered = 0;
  function onData(chunk: Buffer): void {
    heard += chunk.toString();
    if (!prompt) return;
    const asked = heard.split(prompt).length - 1;
    for (; answered < asked; answered++) listener.onPrompt();
  }
  channel.stderr.on('data', onData);
  return listener;
}

function refused({ word, text }: Answer, { host }: OpenShellOptions): Error {
  if (word === 'locked') {
    return new LockedError(`${host} is locked by ${text || 'another run'}`, {
      host,
      hint: 'wait for it to end; a lock dies with the run that holds it, and with what that run left running on the host',
    });
  }
  return new PermissionError(`could not open a shell on ${host}: ${text || word}`, { host });
}

function notStarted(
  end: { lost?: string | undefined; exitCode?: number | undefined },
  said: string,
  { host, user, become }: OpenShellOptions,
): Error {
  if (end.lost !== undefined) return new HostLostError(`lost ${host}: ${end.lost}`, { host });
  const what = become.method === 'none' ? 'could not start a shell' : `could not become root with ${become.method}`;
  return new PermissionError(
    `${what} as ${user} on ${host}${end.exitCode === undefined ? '' : ` (exit status ${end.exitCode})`}`,
    {
      host,
      output: said,
      hint: becomeHint(become, user, said),
    },
  );
}
