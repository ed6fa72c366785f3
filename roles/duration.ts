import { z } from 'zod';

const UNITS = { s: 1, m: 60, h: 3600 } as const;

/** A length of time as Go writes it, whole seconds only: `30s`, `1m30s`, `2h`. */
export const Duration = z
  .string()
  .regex(/^(?:\d+h)?(?:\d+m)?(?:\d+s)?$/, 'a duration such as 30s, 5m or 1m30s')
  .min(2, 'a duration such as 30s, 5m or 1m30s');

/** Seconds of a Duration. */
export function secondsOf(duration: string): number {
  return [...duration.matchAll(/(\d+)([smh])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS],
    0,
  );
}
