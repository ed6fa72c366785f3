import type { StampedEvent } from '#src/engine/events.ts';

/** The command with its choice of hosts and steps, as it was asked for: `apply --limit n1 --tags ssh`. Of what was set, the names. */
export function commandText({ command, asked, resumes }: Extract<StampedEvent, { type: 'run.start' }>): string {
  const { limit, roles = [], steps = [], tags = [], set = [] } = asked ?? {};
  const lists = { limit: limit === undefined ? [] : [limit], role: roles, step: steps, tags, set };
  const words = Object.entries(lists).flatMap(([flag, values]) => (values.length > 0 ? [`--${flag} ${values.join(',')}`] : []));
  return [command, ...words, ...(resumes === undefined ? [] : [`--resume ${resumes}`])].join(' ');
}
