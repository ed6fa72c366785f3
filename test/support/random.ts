/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` numbers from 1 to `last`, one out of each of `count` equal parts: never all in one corner. */
export function spread(count: number, last: number, random: () => number): number[] {
  return Array.from({ length: count }, (_, part) => Math.min(last, 1 + Math.floor(((part + random()) / count) * last)));
}
