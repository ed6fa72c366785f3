const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration as Go and Flux write it, whole units only: `10m`, `1m30s`. */
export const durationMs = (duration: string): number =>
  [...duration.matchAll(/(\d+)([smh])/g)].reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
