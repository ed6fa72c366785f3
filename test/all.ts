import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { installPrograms } from '#lab/machines/index.ts';
import { addCounts, type Counts, countVitest, formatCounts } from './counts.ts';
import { goTests } from './go-tests.ts';

/** Everything `.ci/run` judges: static checks, unit tests, Go tests, lab tests. Writes the totals to .test-results/summary.txt. */
const RESULTS = '.test-results';
/** What tests call on this machine beside what the lab installs for itself, and the Debian package that brings it. */
const PROGRAMS = {
  busybox: 'busybox',
  chromium: 'chromium',
  curl: 'curl',
  git: 'git',
  gpg: 'gnupg',
  ip: 'iproute2',
  openssl: 'openssl',
  patch: 'patch',
  perl: 'perl-base',
  pgrep: 'procps',
  script: 'bsdutils',
  'ssh-agent': 'openssh-client',
  sshd: 'openssh-server',
  strace: 'strace',
  unshare: 'util-linux',
  unzip: 'unzip',
  wget: 'wget',
  xz: 'xz-utils',
};
/** Lab tests that run Kubernetes fill both cores; all others wait most of their time. */
const KUBERNETES = ['adopt/adopt', 'bootstrap', 'ha', 'pair', 'reboot', 'survive', 'vault/canary'].map(
  (name) => `test/${name}.lab.test.ts`,
);
const MACHINES = globSync('test/**/*.lab.test.ts').filter((file) => !KUBERNETES.includes(file));
rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS);

async function statics(): Promise<Counts> {
  const runs = [
    ['node_modules/.bin/biome', 'check', '--error-on-warnings', '.'],
    ['node_modules/.bin/tsc', '--noEmit'],
  ];
  let failed = 0;
  for (const [command = '', ...args] of runs) {
    const { exitCode } = await execa(command, args, { reject: false, stdio: 'inherit' });
    if (exitCode !== 0) failed += 1;
  }
  return { passed: runs.length - failed, failed, skipped: 0 };
}

async function vitest(
  project: string,
  files: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Counts> {
  const file = `${RESULTS}/${project}-${counts.length}.json`;
  const args = [
    'node_modules/.bin/vitest',
    'run',
    ...files,
    '--project',
    project,
    '--reporter=default',
    '--reporter=./test/support/machine-output.ts',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const { exitCode } = await execa(process.execPath, args, { reject: false, stdio: 'inherit', env });
  try {
    return countVitest(JSON.parse(readFileSync(file, 'utf8')), exitCode ?? 1);
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

await installPrograms(PROGRAMS, { say: (line) => console.log(line) });
const counts: Counts[] = [];
const suites = [
  statics,
  () => vitest('unit'),
  () => vitest('process'),
  goTests,
  () => vitest('lab', MACHINES, { LAB_WORKERS: '2' }),
  () => vitest('lab', KUBERNETES),
];
for (const suite of suites) counts.push(await suite());
const total = addCounts(counts);
writeFileSync(`${RESULTS}/summary.txt`, `${formatCounts(total)}\n`);
console.log(formatCounts(total));
process.exitCode = total.failed > 0 || total.skipped > 0 || total.passed === 0 ? 1 : 0;
