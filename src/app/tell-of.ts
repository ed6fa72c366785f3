import { describeError } from '#src/render/error-text.ts';
import { redactor } from '#src/secrets/redactor.ts';
import { knownSecrets } from '#src/secrets/secret.ts';

/** What is said of an error that ends the command: secrets hidden, whoever put them into it. */
export const tellOf = (error: unknown): string => redactor(knownSecrets())(describeError(error));
