import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** A member of an archive: a directory (its name ends in `/`), a file with its bytes, or one read from disk. */
export interface TarEntry {
  name: string;
  mode: number;
  source?: Buffer | { path: string } | { size: number; stream(): AsyncIterable<Buffer> };
}

const BLOCK = 512;

/** A ustar archive in which nothing depends on when, where and by whom it is written: owner 0:0, time 0, the given order. */
export async function* tar(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    const size = await sizeOf(entry);
    yield header(entry, size);
    yield* content(entry);
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

async function sizeOf({ source }: TarEntry): Promise<number> {
  if (source === undefined) return 0;
  if (Buffer.isBuffer(source)) return source.length;
  return 'path' in source ? (await stat(source.path)).size : source.size;
}

async function* content({ source }: TarEntry): AsyncGenerator<Buffer> {
  if (source === undefined) return;
  if (Buffer.isBuffer(source)) yield source;
  else yield* 'path' in source ? createReadStream(source.path, { highWaterMark: 1 << 20 }) : source.stream();
}

function header({ name, mode }: TarEntry, size: number): Buffer {
  if (Buffer.byteLength(name) > 99) throw new Error(`tar: the name ${name} is too long`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  octal(block, mode, 100, 8);
  octal(block, 0, 108, 8);
  octal(block, 0, 116, 8);
  octal(block, size, 124, 12);
  octal(block, 0, 136, 12);
  block.write(name.endsWith('/') ? '5' : '0', 156);
  block.write('ustar\x0000', 257, 'latin1');
  // The checksum counts its own field as blanks.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(block: Buffer, value: number, offset: number, width: number): void {
  block.write(value.toString(8).padStart(width - 1, '0'), offset);
}
