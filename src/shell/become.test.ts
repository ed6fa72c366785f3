import { expect, it } from 'vitest';
import { Secret } from '#src/secrets/secret.ts';
import { becomeCommand, becomeHint } from './become.ts';

it('doas asks for a password on a terminal only; the prompt is known with and without PAM', () => {
  const { command, prompt, onTerminal } = becomeCommand({ method: 'doas', password: new Secret('x') }, 'mark');
  expect({ command, onTerminal }).toEqual({ command: 'exec doas sh', onTerminal: true });
  expect('doas (ada@n1) password: '.match(prompt ?? '')).toHaveLength(1);
  expect(becomeCommand({ method: 'doas' }, 'mark')).toMatchObject({ command: 'exec doas -n sh', onTerminal: false });
});

it.each([
  ['doas', 'doas: Authentication required', 'permit nopass USER as root'],
  ['doas', 'doas: Operation not permitted', 'let ada use doas'],
  ['doas', 'sh: doas: not found', 'install doas'],
  ['sudo', 'sudo: a password is required', 'NOPASSWD in sudoers'],
  ['sudo', 'ada is not in the sudoers file.', 'let ada use sudo'],
] as const)('%s said: %s', (method, said, hint) => {
  expect(becomeHint({ method }, 'ada', said)).toContain(hint);
});
