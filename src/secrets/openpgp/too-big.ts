import { ConfigError } from '#src/errors.ts';

/** A small message may be the compressed form of more than this machine can hold. */
export const MAX_PLAIN_BYTES = 128 * 2 ** 20;

export const tooBig = (file: string): ConfigError =>
  new ConfigError(`${file} holds more than ${MAX_PLAIN_BYTES / 2 ** 20} MiB: nobody's secrets are that long`, [], {
    hint: 'gpg -d reads it; who wrote it? git log',
  });
