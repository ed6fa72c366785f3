import { expect, it } from 'vitest';
import { scheduleMistake } from './cron-schedule.ts';

it.each(['* * * * *', '*/5 0 1,15 * 1-5', '0 22 * jan-MAR sun', '59 23 31 12 7', '@daily', '@reboot', '0-30/10 * * * *'])(
  '%s',
  (schedule) => expect(scheduleMistake(schedule)).toBeUndefined(),
);

it.each([
  ['* * * *', 'five words'],
  ['* * * * * root', 'five words'],
  ['60 * * * *', '"60" is no minute (0-59)'],
  ['* 24 * * *', 'no hour'],
  ['* * 0 * *', 'no day of the month'],
  ['* * * 13 *', 'no month'],
  ['* * * * 8', 'no day of the week'],
  ['*/0 * * * *', '"*/0" is no minute'],
  ['5/2 * * * *', '"5/2" is no minute'],
  ['9-5 * * * *', '"9-5" is no minute'],
  ['1-2-3 * * * *', 'no minute'],
  ['1,,2 * * * *', '"" is no minute'],
  ['* * * foo *', '"foo" is no month'],
  ['@never', '@never is none of'],
])('%s: %s', (schedule, mistake) => expect(scheduleMistake(schedule)).toContain(mistake));
