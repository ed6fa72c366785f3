import { z } from 'zod';
import { Secret } from './secret.ts';

/**
 * A variable of a role that is a secret: `secretRef: NAME` or `!vault` in the files, a `Secret` in the role. Text in clear is refused.
 */
export const secretText = (): z.ZodType<Secret> =>
  z
    .unknown()
    .refine((value) => value instanceof Secret, 'must be a secret: secretRef: NAME, or !vault and what is encrypted')
    .meta({
      type: ['object', 'string'],
      // Of !vault an editor sees the text.
      pattern: '^-----BEGIN PGP MESSAGE-----',
      properties: { secretRef: { type: 'string', description: 'Name of a secret: k3s.token' } },
      required: ['secretRef'],
      additionalProperties: false,
    }) as unknown as z.ZodType<Secret>;
