import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { cached } from '#lab/artifacts/cache.ts';
import { installPrograms, Lab, type LabState, ssh, up } from '#lab/machines/index.ts';
import { buildGraph } from '#src/engine/graph.ts';
import { isResourceStep, probeOf } from '#src/engine/observe.ts';
import { parseFacts } from '#src/facts/parse.ts';
import { factsScript } from '#src/facts/script.ts';
import role from './cluster/roles/bench/role.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
export const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'];

/** Everything the tools need: machines with Python, a Python environment here, and each tool's idea of an inventory. */
export interface Bench {
  readonly lab: Lab;
  /** Holds the cluster directory, inventories, state. Below .lab-bench/. */
  readonly work: string;
  /** Directory of ansible-playbook and pyinfra. */
  readonly python: string;
  /** Mitogen's strategy plugins. */
  readonly mitogen: string;
  readonly versions: Readonly<Record<string, string>>;
}

const say = (line: string): void => console.error(line);

/** Makes what is missing; what is there stays. */
export async function setUp(): Promise<Bench> {
  const lab = new Lab({ name: process.env.BENCH_LAB ?? 'bench' });
  const [state, python] = await Promise.all([up(lab, { nodes: NODES, artifacts: false, say }), pythonEnvironment()]);
  await Promise.all(NODES.map((node) => preparedNode(lab, node)));
  const work = lab.local('bench');
  await mkdir(work, { recursive: true });
  await Promise.all([writeCluster(lab, state, work), writeInventories(lab, state, work), writeProbe(lab, work)]);
  const { stdout } = await execa(join(python, 'pip'), ['list', '--format=json']);
  const wanted = ['ansible-core', 'mitogen', 'pyinfra'];
  const versions = (JSON.parse(stdout) as { name: string; version: string }[]).filter(({ name }) => wanted.includes(name));
  const find = 'import ansible_mitogen, os; print(os.path.dirname(ansible_mitogen.__file__))';
  const { stdout: place } = await execa(join(python, 'python'), ['-c', find]);
  return {
    lab,
    work,
    python,
    mitogen: join(place, 'plugins/strategy'),
    versions: Object.fromEntries(versions.map(({ name, version }) => [name, version])),
  };
}

/** ansible, mitogen and pyinfra in the lab's cache, as requirements.txt pins them. */
async function pythonEnvironment(): Promise<string> {
  await installPrograms({ python3: 'python3' }, { say });
  const requirements = await readFile(join(HERE, 'requirements.txt'), 'utf8');
  const hasVenv = await execa('/usr/bin/python3', ['-c', 'import ensurepip'], { reject: false });
  if (hasVenv.exitCode !== 0) await installPrograms({ 'a module of python3': 'python3-venv' }, { say });
  const directory = await cached('bench-python', { requirements }, async (place) => {
    await execa('/usr/bin/python3', ['-m', 'venv', '--copies', join(place, 'venv')]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--requirement', join(HERE, 'requirements.txt')];
    await execa(join(place, 'venv/bin/python'), pip, { timeout: 900_000 });
  });
  await relocate(join(directory, 'venv/bin'));
  return join(directory, 'venv/bin');
}

/** Scripts of a Python environment name the path where it was made; the cache renames it into place when it is complete. */
async function relocate(bin: string): Promise<void> {
  for (const name of ['ansible-playbook', 'pyinfra', 'pip']) {
    const text = await readFile(join(bin, name), 'utf8');
    const moved = text.replace(/^#!.*\n/, `#!${join(bin, 'python')}\n`);
    if (moved !== text) await writeFile(join(bin, name), moved);
  }
}

/** What Ansible wants on a node; and the packages of the bench once, so that later installations take them from apt's cache. */
async function preparedNode(lab: Lab, node: string): Promise<void> {
  const line = `command -v python3 >/dev/null && python3 -c 'import apt' 2>/dev/null || apt-get -q -y --no-install-recommends install python3 python3-apt
    apt-get -q -y --no-install-recommends --download-only install pv time tree`;
  const { exitCode, stderr } = await ssh(lab, node, line, { user: 'root', timeout: 300_000 });
  if (exitCode !== 0) throw new Error(`${node}: ${stderr}`);
}

async function writeCluster(lab: Lab, { nodes }: LabState, work: string): Promise<void> {
  const directory = join(work, 'cluster');
  await cp(join(HERE, 'cluster'), directory, { recursive: true });
  const hosts = Object.fromEntries(
    nodes.map(({ name, address, hostKey }) => [
      name,
      { address, user: 'admin', become: 'sudo', hostKey, identityFile: lab.local('key') },
    ]),
  );
  await writeFile(join(directory, 'hosts.yaml'), stringify({ hosts }));
}

async function writeInventories(lab: Lab, { nodes }: LabState, work: string): Promise<void> {
  const key = lab.local('key');
  const ansible = nodes.map(
    ({ name, address }) => `${name} ansible_host=${address} ansible_user=admin ansible_ssh_private_key_file=${key}`,
  );
  const pyinfra = nodes.map(({ name, address }) => [
    name,
    { ssh_hostname: address, ssh_user: 'admin', ssh_key: key, ssh_strict_host_key_checking: 'off', _sudo: true },
  ]);
  await writeFile(join(work, 'inventory.ini'), `${ansible.join('\n')}\n`);
  await writeFile(
    join(work, 'inventory.py'),
    `hosts = [tuple(host) for host in ${JSON.stringify(pyinfra).replaceAll('true', 'True')}]\n`,
  );
}

/** The one probe that picluster would send, as a program for `sh`: what the floor runs. */
async function writeProbe(lab: Lab, work: string): Promise<void> {
  const prelude = await readFile(new URL('../../src/shell/prelude.sh', import.meta.url), 'utf8');
  const { stdout } = await ssh(lab, 'n1', 'sh', { user: 'root', input: `${prelude}\n${factsScript().text}` });
  const list = role.steps({ vars: { generation: '0' } } as Parameters<typeof role.steps>[0]);
  const steps = [...buildGraph([{ host: 'n1', role: 'bench', list }]).steps.values()].filter(isResourceStep);
  await writeFile(join(work, 'probe.sh'), `${prelude}\n${probeOf(steps, parseFacts(stdout)).script.text}\n`);
}
