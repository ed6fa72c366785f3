import { expect, it } from 'vitest';
import { Secret } from '#src/secrets/secret.ts';
import { becomeCommand, becomeHint } from './become.ts';

it('doas takes no password without a terminal, and the hint says what to do instead', () => {
  expect(() => becomeCommand({ method: 'doas', password: new Secret('x') }, 'mark')).toThrow('without a terminal');
  expect(becomeCommand({ method: 'doas' }, 'mark').command).toBe('exec doas -n sh');
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
