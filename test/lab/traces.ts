import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** All that a lab may leave on the machine, found without the lab's own code: by its id, wherever it shows. */
export async function traces(id: string): Promise<Record<'processes' | 'mounts' | 'interfaces' | 'rules' | 'cgroups', string[]>> {
  const processes: string[] = [];
  const mounts: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    // our own test runner and a shell that names the lab are not the lab's
    if (new RegExp(`pcl${id}|picluster-lab(-|/)${id}`).test(command))
      processes.push(`${pid} ${command.replaceAll('\0', ' ').slice(0, 120)}`);
    const info = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    if (info.includes(`picluster-lab/${id}`)) mounts.push(pid);
  }
  const links = (await exec('ip', ['-o', 'link'])).stdout.split('\n');
  const rules = (await exec('iptables-save')).stdout.split('\n');
  const cgroups = (await exec('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `*${id}*`]).catch((error) => error))
    .stdout as string;
  return {
    processes,
    mounts,
    interfaces: links.filter((line) => line.includes(`pcl${id}`)),
    rules: rules.filter((line) => line.includes(id)),
    cgroups: cgroups.split('\n').filter(Boolean),
  };
}

export const NOTHING = { processes: [], mounts: [], interfaces: [], rules: [], cgroups: [] };
