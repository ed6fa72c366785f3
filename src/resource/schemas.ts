import { z } from 'zod';
import { Secret } from '#src/secrets/secret.ts';
import { Script } from '#src/shell/script.ts';
import type { Content } from '#src/template/content.ts';

/** An absolute path without `.`, `..`, control characters and backslashes: probes hold one path a line. */
export const absolutePath = z
  .string()
  .regex(/^(?:\/[^/\\\p{Cc}]+)+$/u, 'an absolute path without control characters, backslashes or a slash at its end')
  .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), 'a path without . and ..');

/** Permission bits: `0o644`. */
export const fileMode = z.int().min(0).max(0o7777);

/** A user's or group's name, or its number. */
export const ownerName = z.string().regex(/^(?:[a-z_][a-z0-9_.-]*\$?|\d+)$/i, 'a user or group name');

export const presence = z
  .enum(['present', 'absent'])
  .default('present')
  .describe('What is wanted: that it is there, or that it is not');

/** Text of one line. */
export const oneLine = z.string().regex(/^[^\p{Cc}]*$/u, 'one line without control characters');

export const content = z
  .custom<Content>(
    (value) =>
      typeof value === 'string' ||
      (Array.isArray(value) && value.every((part) => typeof part === 'string' || part instanceof Secret)),
    'text, or a list of texts and secrets',
  )
  .meta({ title: 'text, or a list of texts and secrets' });

export const script = z.instanceof(Script).meta({ title: 'script' });

/** As `stat` prints it. */
export const octal = (mode: number): string => mode.toString(8);
