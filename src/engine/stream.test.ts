import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Apply } from '#src/resource/kind.ts';
import { Secret } from '#src/secrets/secret.ts';
import { sh } from '#src/shell/script.ts';
import { newMarker, STREAM_STOPPED, type StreamEvent, StreamParser, streamScript } from './stream.ts';

const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']];

function stream(
  shell: readonly string[],
  applies: readonly Apply[],
  chunkSize = 7,
): { events: StreamEvent[]; exitCode: number | null } {
  const marker = newMarker();
  const [command = 'sh', ...args] = shell;
  const run = spawnSync(command, args, { input: streamScript(applies, marker).text });
  const events: StreamEvent[] = [];
  const parser = new StreamParser(marker, (event) => events.push(event));
  const text = run.stdout.toString();
  for (let at = 0; at < text.length; at += chunkSize) parser.push(text.slice(at, at + chunkSize));
  return { events, exitCode: run.status };
}

describe.each(SHELLS)('a streamed apply under %s', (...shell) => {
  it('marks each step and keeps its output and errors with it', () => {
    const { events, exitCode } = stream(shell, [{ script: sh`echo one; echo oops >&2` }, { script: sh`true` }]);
    expect(exitCode).toBe(0);
    expect(events).toEqual([
      { type: 'begin', index: 0 },
      { type: 'output', index: 0, text: 'one' },
      { type: 'output', index: 0, text: 'oops' },
      { type: 'end', index: 0, exitCode: 0 },
      { type: 'begin', index: 1 },
      { type: 'end', index: 1, exitCode: 0 },
    ]);
  });

  it('stops at the first failure and says its exit status', () => {
    const { events, exitCode } = stream(shell, [{ script: sh`false; echo never` }, { script: sh`echo never` }]);
    expect(exitCode).toBe(STREAM_STOPPED);
    expect(events).toEqual([
      { type: 'begin', index: 0 },
      { type: 'end', index: 0, exitCode: 1 },
    ]);
  });

  it('gives each step its own standard input, byte for byte', () => {
    const content = ['a\tb \\ $HOME `x`\n', new Secret("it's\nsecret"), '\nno newline at the end'];
    const { events } = stream(shell, [
      { script: sh`cat | od -An -c | tr -d ' \n'`, stdin: content },
      { script: sh`cat` },
      { script: sh`wc -c`, stdin: 'x'.repeat(70_000) },
    ]);
    const expected = execFileSync('sh', ['-c', "od -An -c | tr -d ' \n'"], {
      input: "a\tb \\ $HOME `x`\nit's\nsecret\nno newline at the end",
    }).toString();
    expect(events.filter((event) => event.type === 'output').map((event) => event.text.trim())).toEqual([expected, '70000']);
  });
});
