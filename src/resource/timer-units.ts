import type { TimerSpec } from './timer.ts';

const HEAD = '# Written by picluster.\n';

/** Source: systemd.timer(5). Without the last newline. */
export function timerUnit({ name, description, calendar, persistent, randomizedDelaySeconds }: TimerSpec): string {
  return [
    `${HEAD}[Unit]`,
    `Description=${escaped(description ?? name)}`,
    '',
    '[Timer]',
    ...calendar.map((when) => `OnCalendar=${when}`),
    `Persistent=${persistent}`,
    ...(randomizedDelaySeconds > 0 ? [`RandomizedDelaySec=${randomizedDelaySeconds}`] : []),
    '',
    '[Install]',
    'WantedBy=timers.target',
  ].join('\n');
}

/** Source: systemd.service(5), COMMAND LINES: in quotes, `$` and `%` doubled. Without the last newline. */
export function serviceUnit({ name, description, command = '', user, env }: TimerSpec): string {
  return [
    `${HEAD}[Unit]`,
    `Description=${escaped(description ?? name)}`,
    '',
    '[Service]',
    'Type=oneshot',
    ...(user === 'root' ? [] : [`User=${user}`]),
    ...Object.entries(env).map(([key, value]) => `Environment=${quoted(`${key}=${value}`)}`),
    `ExecStart=/bin/sh -c ${quoted(command.replaceAll('$', '$$$$'))}`,
  ].join('\n');
}

/** `%` begins a specifier in every setting. */
const escaped = (text: string): string => text.replaceAll('%', '%%');

const quoted = (text: string): string => `"${escaped(text).replaceAll(/[\\"]/g, '\\$&')}"`;
