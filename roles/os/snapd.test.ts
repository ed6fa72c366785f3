import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Script } from '#src/shell/script.ts';
import { named, specOf } from '../testing.ts';
import { snapdSteps } from './snapd.ts';

/** Behaves as snap does: one installed snap is a file whose content names the snap it needs; needed ones are not removed. */
const SNAP = `#!/bin/sh
cd "$INSTALLED" || exit 1
case $1 in
  list)
    [ -n "$(ls)" ] || { echo 'No snaps are installed yet.' >&2; exit 0; }
    echo 'Name Version Rev Tracking Publisher Notes'
    for name in *; do echo "$name 1 1 latest x -"; echo "$name 0 0 latest x disabled"; done ;;
  remove)
    if grep -qx "$3" ./* || [ "$3" = "$STUCK" ]; then echo "error: cannot remove $3: in use" >&2; exit 1; fi
    rm "$3" ;;
esac
`;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-'));
  mkdirSync(join(directory, 'bin'));
  mkdirSync(join(directory, 'installed'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const installed = (): string[] => readdirSync(join(directory, 'installed'));
const install = (snaps: Record<string, string>): void => {
  writeFileSync(join(directory, 'bin/snap'), SNAP);
  chmodSync(join(directory, 'bin/snap'), 0o755);
  for (const [name, needs] of Object.entries(snaps)) writeFileSync(join(directory, 'installed', name), `${needs}\n`);
};
const { unless, run } = specOf(named(snapdSteps(), 'no-snaps')) as unknown as { unless: Script; run: Script };
const dash = (script: Script, stuck = '') =>
  spawnSync('dash', ['-euc', script.text], {
    encoding: 'utf8',
    env: { PATH: `${join(directory, 'bin')}:/usr/bin:/bin`, INSTALLED: join(directory, 'installed'), STUCK: stuck },
  });

it('without snapd there is nothing to do', () => {
  expect(dash(unless).status).toBe(0);
});

it('removes snaps whatever their order', () => {
  install({ core20: '', lxd: 'core20', 'aaa-first': 'lxd', snapd: '' });
  expect(dash(unless).status).not.toBe(0);
  expect(dash(run)).toMatchObject({ status: 0 });
  expect(installed()).toEqual([]);
  expect(dash(unless).status).toBe(0);
});

it('says which snap cannot be removed, and why', () => {
  install({ core20: '', lxd: 'core20' });
  const { status, stderr } = dash(run, 'lxd');
  expect(status).toBe(1);
  expect(stderr).toContain('these snaps cannot be removed: core20 lxd');
  expect(stderr).toContain('cannot remove lxd: in use');
});
