import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterEach, expect, it, vi } from 'vitest';
import { paint } from './paint.ts';

const terminal = Object.assign(new PassThrough(), { isTTY: true, getColorDepth: WriteStream.prototype.getColorDepth });
const pipe = new PassThrough();
afterEach(() => vi.unstubAllEnvs());

it('colours on a terminal what matters, and nothing in a pipe or with NO_COLOR', () => {
  vi.stubEnv('TERM', 'xterm-256color');
  // Where tests run by themselves, a terminal is one without colours.
  vi.stubEnv('CI', undefined);
  vi.stubEnv('FORCE_COLOR', undefined);
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('NODE_DISABLE_COLORS', undefined);
  for (const line of ['[ 3/80] FAILED   os/a@n1', 'warning: x', '      +added', '      -removed']) {
    expect(paint(line, terminal)).toMatch(/^\u001b\[\d+m.*\u001b\[\d+m$/);
    expect(paint(line, pipe)).toBe(line);
  }
  expect(paint('[ 3/80] changed  os/a@n1', terminal)).toBe('[ 3/80] changed  os/a@n1');
  vi.stubEnv('NO_COLOR', '1');
  expect(paint('warning: x', terminal)).toBe('warning: x');
});
