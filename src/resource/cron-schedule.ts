const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const NICKNAMES = ['@reboot', '@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

interface Field {
  name: string;
  from: number;
  to: number;
  names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  { name: 'day of the week', from: 0, to: 7, names: DAYS },
];

/** What is wrong with a schedule of cron; undefined: nothing. Source: crontab(5). */
export function scheduleMistake(schedule: string): string | undefined {
  if (schedule.startsWith('@')) return NICKNAMES.includes(schedule) ? undefined : `${schedule} is none of ${NICKNAMES.join(' ')}`;
  const words = schedule.split(' ');
  if (words.length !== FIELDS.length) return 'a schedule has five words: minute, hour, day of the month, month, day of the week';
  for (const [index, field] of FIELDS.entries()) {
    const wrong = words[index]?.split(',').find((range) => !isRange(range, field));
    if (wrong !== undefined) return `"${wrong}" is no ${field.name} (${field.from}-${field.to})`;
  }
  return undefined;
}

/** One range of a list: all, a number or a name, from-to; a step after the first and the last. */
function isRange(text: string, field: Field): boolean {
  const [, range = '', step] = /^([^/]*)(?:\/(\d+))?$/.exec(text) ?? [];
  if (step !== undefined && Number(step) === 0) return false;
  if (range === '*') return true;
  const [first, last, ...more] = range.split('-').map((word) => numberOf(word, field));
  if (first === undefined || more.length > 0) return false;
  if (!range.includes('-')) return step === undefined;
  return last !== undefined && first <= last;
}

function numberOf(word: string, { from, to, names = [] }: Field): number | undefined {
  const named = names.indexOf(word.toLowerCase());
  if (named >= 0) return named + from;
  return /^\d{1,2}$/.test(word) && Number(word) >= from && Number(word) <= to ? Number(word) : undefined;
}
