import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster, GitOpsSettings } from '#src/cluster/cluster.ts';
import { InterruptedError, StepFailedError } from '#src/errors.ts';
import { redactor } from '#src/secrets/redactor.ts';

const TIMEOUT_MS = 20_000;

/** The commit of the branch, or why it cannot be asked from here (which need not keep the cluster from reading it). */
export type GitHead = { commit: string } | { unreachable: string };

/**
 * Asks the git server for the branch's commit. Credentials lie in files of mode 0600 for as long as git runs.
 * Throws StepFailedError when the server answers and has no such branch.
 */
export async function gitHead(cluster: Cluster, gitops: GitOpsSettings, signal: AbortSignal): Promise<GitHead> {
  const { execa } = await import('execa');
  const directory = await mkdtemp(join(tmpdir(), 'picluster-git-'));
  try {
    const environment = await credentialFiles(directory, cluster, gitops);
    const result = await execa('git', gitArguments(gitops), {
      env: { ...environment, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
      cancelSignal: signal,
      timeout: TIMEOUT_MS,
      reject: false,
      stdin: 'ignore',
    });
    if (signal.aborted) throw new InterruptedError('interrupted while asking git for its revision');
    if (result.failed) return { unreachable: redactor(cluster.secrets)(reason(result)) };
    const commit = result.stdout.split(/\s/)[0];
    if (!commit) throw missingBranch(gitops);
    return { commit };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The operator's own credential helpers neither answer nor learn anything here. */
const gitArguments = ({ url, branch }: GitOpsSettings): string[] => [
  '-c',
  'credential.helper=',
  'ls-remote',
  '--',
  url,
  `refs/heads/${branch}`,
];

/** Environment that points git to the credentials; it holds paths only. */
async function credentialFiles(directory: string, cluster: Cluster, { auth }: GitOpsSettings): Promise<Record<string, string>> {
  const save = async (name: string, text: string, mode = 0o600): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text, { mode });
    return path;
  };
  if (auth === 'token') {
    await save('username', cluster.hasSecret('git.username') ? cluster.secret('git.username').reveal() : 'git');
    await save('password', cluster.secret('git.token').reveal());
    return { GIT_ASKPASS: await save('askpass', ASKPASS, 0o700) };
  }
  if (auth === 'ssh') {
    const identity = await save('identity', `${cluster.secret('git.identity').reveal().trimEnd()}\n`);
    const knownHosts = await save('known_hosts', cluster.secret('git.knownHosts').reveal());
    const options = ['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${knownHosts}`];
    return {
      GIT_SSH_COMMAND: ['ssh', '-F', '/dev/null', '-i', identity, ...options.flatMap((option) => ['-o', option])].join(' '),
    };
  }
  return {};
}

/** git asks "Username for ..." and "Password for ...". */
const ASKPASS = `#!/bin/sh
directory=\${0%/*}
case $1 in
  Username*) cat "$directory/username" ;;
  *) cat "$directory/password" ;;
esac
`;

function reason({ timedOut, code, stderr }: { timedOut: boolean; code?: string | undefined; stderr: string }): string {
  if (timedOut) return `git did not answer within ${TIMEOUT_MS / 1000} s`;
  if (code === 'ENOENT') return 'git is not installed here';
  return stderr.trim().split('\n').at(-1) || 'git failed without a word';
}

const missingBranch = ({ url, branch }: GitOpsSettings): StepFailedError =>
  new StepFailedError(`${url} has no branch ${branch}`, {
    hint: 'push the branch that gitops.branch names, or change it in cluster.yaml',
  });
