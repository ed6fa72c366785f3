import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Lab, up } from './machines/index.ts';

/** `make demo`: the lab comes up, and picluster bootstraps it as it would any machines. Run again, it changes nothing. */
const lab = new Lab({ name: process.argv[2] ?? '' });
const root = fileURLToPath(new URL('..', import.meta.url));

await up(lab, { say: (line) => console.log(line) });
console.log('');
const picluster = await execa(
  process.execPath,
  ['bin/picluster.js', 'bootstrap', '-C', lab.local('cluster'), '--yes', '--no-diff', '--kubeconfig', lab.local('kubeconfig')],
  {
    cwd: root,
    stdio: 'inherit',
    reject: false,
  },
);
process.exitCode = picluster.exitCode ?? 1;
