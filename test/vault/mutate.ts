import { armor, enums, unarmor } from 'openpgp';
import { seeded } from '../support/random.ts';

const NOISE = [...'\n\t\r\0 -:{}[]&*!|>%@"\'=#,?~\u{fffd}é0aZ+/'];

/** Text with one to four pieces cut out, doubled, overwritten or put in: the same for the same seed. */
export function mutatedText(text: string, seed: number): string {
  const next = seeded(seed);
  const upTo = (most: number): number => Math.floor(next() * most);
  let result = text;
  for (let change = upTo(4); change >= 0; change -= 1) {
    const [at, length] = [upTo(result.length + 1), 1 + upTo(next() < 0.2 ? 80 : 4)];
    const piece = result.slice(at, at + length);
    const noise = Array.from({ length }, () => NOISE[upTo(NOISE.length)]).join('');
    const put = [(): string => '', () => piece + piece, () => noise, () => noise + piece][upTo(4)]?.() ?? '';
    result = result.slice(0, at) + put + result.slice(at + length);
  }
  return result;
}

/** The same for bytes: bits turned over, numbers at their ends, pieces cut out and doubled; more often near the start, where lengths and types stand. */
export function mutatedBytes(bytes: Uint8Array, seed: number): Uint8Array {
  const next = seeded(seed);
  const upTo = (most: number): number => Math.floor(next() * most);
  let result = Buffer.from(bytes);
  for (let change = upTo(4); change >= 0; change -= 1) {
    const at = upTo(next() < 0.5 ? Math.min(result.length, 40) : result.length);
    const length = 1 + upTo(next() < 0.2 ? 60 : 4);
    const piece = result.subarray(at, at + length);
    const put = [
      () => Buffer.from([(result[at] ?? 0) ^ (1 << upTo(8))]),
      () => Buffer.from([[0, 1, 127, 128, 191, 192, 223, 224, 254, 255][upTo(10)] ?? 0]),
      () => Buffer.alloc(0),
      () => Buffer.concat([piece, piece]),
      () => Buffer.from(Array.from({ length }, () => upTo(256))),
    ][upTo(5)]!();
    result = Buffer.concat([result.subarray(0, at), put, result.subarray(at + Math.min(length, Math.max(put.length, 1)))]);
  }
  return result;
}

/** A message whose armour is sound and whose packets are not. */
export async function mutatedPackets(message: string, seed: number): Promise<string> {
  const { data } = await unarmor(message);
  return armor(enums.armor.message, mutatedBytes(data as Uint8Array, seed));
}
