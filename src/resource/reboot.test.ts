import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { reboot } from './reboot.ts';
import { debian } from './test-facts.ts';

const { kind, spec } = reboot({ host: 'n2' });
const NOW = '11111111-1111-4111-8111-111111111111';
const BEFORE = '00000000-0000-4000-8000-000000000000';

it.each([
  ['nothing ever asked for one', [NOW, '', ''], undefined],
  ['asked for in this boot', [NOW, NOW, ''], 'restart'],
  ['asked for in this boot, and cordoned for it already', [NOW, NOW, 'yes'], 'restart'],
  ['done since, by whomever', [NOW, BEFORE, ''], undefined],
  ['done, and the cordon left behind', [NOW, BEFORE, 'yes'], 'run'],
] as const)('%s', (_, record, action) => {
  expect(kind.diff(spec, kind.parse(record), debian)?.action).toBe(action);
});

it('says which host it reboots, and what is lost with it', () => {
  expect(kind.restart?.(spec, kind.parse([NOW, '', '']))).toMatchObject({ note: 'reboots n2' });
  const only = reboot({ host: 'n1', loses: 'the Kubernetes API' });
  expect(kind.restart?.(only.spec, kind.parse([NOW, '', '']))?.destructive).toBe('the Kubernetes API is away while n1 boots');
});

it.each(['dash', 'bash', 'busybox'])('asks %s for the boot that runs, and changes nothing', (shell) => {
  const prelude = readFileSync(new URL('../shell/prelude.sh', import.meta.url), 'utf8');
  const words = shell === 'busybox' ? ['busybox', 'sh'] : [shell];
  const [command = '', ...args] = words;
  const said = execFileSync(command, [...args, '-c', `${prelude}\n${kind.probe([spec], debian).text}`], { encoding: 'utf8' });
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  expect(said.split('\x1f')[0]).toBe(bootId);
});
