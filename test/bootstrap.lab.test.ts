import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { down, Lab, type LabState, ssh, up } from '#lab/machines/index.ts';
import { parseEvent } from '#src/engine/testing/parse-event.ts';
import { Cli, manifestScript } from './support/cli.ts';
import { compareManifests } from './support/manifest.ts';
import { accountedFor } from './support/planned.ts';
import { watchProcesses } from './support/watch-processes.ts';

/** The main job on blank machines: plan, `make demo`, a second run, one drift. Every claim is checked from outside picluster. */
const lab = new Lab({ name: 'demo' });
const cli = new Cli(lab.local('cluster'));
const scratch = mkdtempSync(join(tmpdir(), 'picluster-demo-'));
const kubeconfig = lab.local('kubeconfig');

let state: LabState;
let blank: Map<string, string>;
let planned: { host: string; step: string; title: string; action: string; isCertain: boolean }[];
let demo: { all: string; exitCode: number };

const names = (): string[] => state.nodes.map(({ name }) => name);

/** kubectl on the first server: knows nothing of picluster. */
const kubectl = (args: string): Promise<string> => asAdmin('n1', `sudo kubectl ${args}`);

async function asAdmin(node: string, line: string, input?: string): Promise<string> {
  const { stdout, stderr, exitCode } = await ssh(lab, node, line, {
    timeout: 120_000,
    ...(input === undefined ? {} : { input }),
  });
  if (exitCode !== 0) throw new Error(`${node}: ${line}: exit status ${exitCode}: ${stderr}`);
  return stdout.trim();
}

async function manifests(): Promise<Map<string, string>> {
  const all = await Promise.all(
    names().map(async (node) => [node, await asAdmin(node, 'sudo sh -s', manifestScript())] as const),
  );
  return new Map(all);
}

beforeAll(async () => {
  await down(lab);
  state = await up(lab, { say: (line) => console.log(line) });
  blank = await manifests();
});

afterAll(async () => {
  await down(lab);
  rmSync(scratch, { recursive: true, force: true });
  rmSync(cli.stateHome, { recursive: true, force: true });
});

describe('from blank machines', () => {
  it('plan lists the whole work and changes nothing', async () => {
    const { exitCode, events } = await cli.events('plan');
    expect(exitCode).toBe(0);
    planned = events.flatMap((event) =>
      event.type === 'step.planned'
        ? [
            {
              host: event.host,
              step: event.step,
              title: event.title,
              action: event.change.action,
              isCertain: event.change.knownAfter === undefined,
            },
          ]
        : [],
    );
    expect(new Set(planned.map(({ host }) => host))).toEqual(new Set(names()));
    for (const [node, after] of await manifests())
      expect(compareManifests(blank.get(node) ?? '', after)).toEqual({ appeared: [], vanished: [], changed: [] });
  });

  it('make demo ends with exit status 0, and no secret was seen in any argument list or environment', async () => {
    const secrets = secretsOf(lab.local('cluster', 'secrets.yaml'));
    const patterns = join(scratch, 'patterns');
    writeFileSync(patterns, secrets.join('\n'), { mode: 0o600 });
    const watch = watchProcesses(patterns);
    const { exitCode = -1, all } = await execa(process.execPath, ['lab/demo.ts', 'demo'], {
      reject: false,
      all: true,
      env: { XDG_STATE_HOME: cli.stateHome },
      timeout: 600_000,
    });
    const seen = await watch.stop();
    demo = { exitCode, all };
    expect(demo.all).toContain('Next:');
    expect(exitCode, all).toBe(0);
    expect(seen).toEqual([]);
    expect(watch.samples()).toBeGreaterThan(20);
    for (const secret of secrets) expect(all).not.toContain(secret);
    const journals = readdirSync(cli.stateHome, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && entry.name.endsWith('.ndjson'),
    );
    expect(journals.length).toBeGreaterThan(0);
    for (const { parentPath, name } of journals)
      for (const secret of secrets) expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain(secret);
  });

  it('the machines differ exactly where the plan said', async () => {
    for (const [node, after] of await manifests()) {
      const { appeared, vanished, changed } = compareManifests(blank.get(node) ?? '', after);
      const accounted = new Set(planned.filter(({ host }) => host === node).flatMap(({ title }) => accountedFor(title)));
      const fromPackages = await broughtByPackages(node, appeared);
      const unexplained = [...appeared, ...vanished, ...changed].filter(
        (identity) => !accounted.has(identity) && !fromPackages(identity),
      );
      expect(unexplained, node).toEqual([]);
      const done = new Set([...appeared, ...changed]);
      const isDone = (title: string): boolean =>
        accountedFor(title).length === 0 || accountedFor(title).some((identity) => done.has(identity));
      const undone = planned.filter(
        ({ host, title, action }) =>
          host === node && action === 'create' && /^(file|package|symlink) /.test(title) && !isDone(title),
      );
      expect(
        undone.filter(({ title }) => !title.includes('/var/lib/rancher')),
        node,
      ).toEqual([]);
    }
  });

  it('every certain step of the plan was done, and on the machines no step that it does not list', () => {
    const journal = readdirSync(cli.stateHome, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ndjson'))
      .map((file) => readFileSync(join(cli.stateHome, file), 'utf8').trimEnd().split('\n').map(parseEvent))
      .find(([start]) => start?.type === 'run.start' && start.command === 'bootstrap');
    const done = new Set(
      journal?.flatMap((event) =>
        event.type === 'step.end' && event.status === 'changed' && event.host !== 'control' ? [event.step] : [],
      ),
    );
    const certain = new Set(planned.filter(({ isCertain }) => isCertain).map(({ step }) => step));
    expect(certain.size).toBeGreaterThan(80);
    expect(certain.difference(done)).toEqual(new Set());
    expect(done.difference(new Set(planned.map(({ step }) => step)))).toEqual(new Set());
  });

  it('every cell of the table is what kubectl says', async () => {
    const table = rowsAfter(demo.all, 'NODE');
    const nodes = JSON.parse(await kubectl('get nodes -o json')).items as KubeNode[];
    expect(table).toEqual(
      nodes.map(({ metadata, status }) => [
        metadata.name,
        status.conditions.find(({ type }) => type === 'Ready')?.status === 'True' ? 'Ready' : 'NotReady',
        Object.keys(metadata.labels)
          .filter((label) => label.startsWith('node-role.kubernetes.io/'))
          .map((label) => label.split('/')[1])
          .sort()
          .join(',') || '<none>',
        status.nodeInfo.kubeletVersion,
        status.addresses.find(({ type }) => type === 'InternalIP')?.address,
      ]),
    );
    const flux = JSON.parse(await kubectl('get gitrepositories,kustomizations -n flux-system -o json')).items as FluxObject[];
    const revisions = flux.map(({ kind, metadata, status }) => [
      `${kind}/${metadata.name}`,
      'Ready',
      status.artifact?.revision ?? status.lastAppliedRevision,
    ]);
    // Applications need agents, which join while the hand-off is under way: when the table is printed they may still be on their way.
    const isHandOff = ([name]: (string | undefined)[]): boolean => name !== 'Kustomization/apps';
    expect(rowsAfter(demo.all, 'FLUX').filter(isHandOff)).toEqual(revisions.filter(isHandOff));
    expect(rowsAfter(demo.all, 'FLUX').map(([name]) => name)).toEqual(revisions.map(([name]) => name));
    const parts = rowsAfter(demo.all, 'PART').map(([part]) => part);
    expect(parts).toEqual(expect.arrayContaining(['connect', 'plan', 'os', 'time', 'k3s-server', 'k3s-agent', 'flux']));
  });

  it('pods on two nodes reach each other and a Service', async () => {
    await kubectl('-n hello rollout status deployment/hello --timeout=60s');
    await asAdmin('n1', 'sudo kubectl apply -f -', PROBES);
    await kubectl('-n hello wait --for=condition=Ready pod/probe-n2 pod/probe-n3 --timeout=90s');
    const addressOf = (pod: string): Promise<string> => kubectl(`-n hello get pod ${pod} -o jsonpath={.status.podIP}`);
    const service = await kubectl('-n hello get service hello -o jsonpath={.spec.clusterIP}');
    const [from, to] = [await addressOf('probe-n2'), await addressOf('probe-n3')];
    // The workload has no shell: its network namespace is entered from the node.
    const inPod = (node: string, pod: string, address: string): Promise<string> =>
      asAdmin(
        node,
        `pid=$(for p in /proc/[0-9]*; do grep -q ${pod} "$p/environ" 2>/dev/null && sudo readlink "$p/exe" | grep -q /app && echo "\${p#/proc/}"; done | head -1); sudo sh -c 'for p in /proc/[0-9]*; do tr "\\0" "\\n" <"$p/environ" 2>/dev/null | grep -q "^HOSTNAME=${pod}$" && { echo "\${p#/proc/}"; break; }; done' | { read -r pid; sudo nsenter -t "$pid" -n curl -sf -m 10 http://${address}/; }`,
      );
    expect(await inPod('n2', 'probe-n2', `${to}:8080`)).toContain('probe-n3');
    expect(await inPod('n3', 'probe-n3', `${from}:8080`)).toContain('probe-n2');
    expect(await inPod('n3', 'probe-n3', service)).toContain('hello');
    await kubectl('-n hello delete pod probe-n2 probe-n3 --wait=false');
  });
});

describe('a second run', () => {
  it('changes nothing, as seen from outside: processes, files, API objects, requests to the shell', async () => {
    const before = await outsideView();
    const requests = await watchShellRequests();
    const { exitCode, events, durationMs } = await cli.events('bootstrap', ['--yes', '--kubeconfig', kubeconfig]);
    const counted = await requests.stop();
    expect(exitCode).toBe(0);
    expect(events.filter((event) => event.type === 'step.planned')).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'run.end', changed: 0, failed: 0, exitCode: 0 });
    console.log(`second run: ${(durationMs / 1000).toFixed(1)} s, requests ${JSON.stringify(counted)}`);
    // Facts and probe; one request where the facts of the last run made the same probe.
    expect(Object.keys(counted).sort()).toEqual([...names()].sort());
    for (const count of Object.values(counted)) expect([1, 2]).toContain(count);
    expect(await outsideView()).toEqual(before);
  });

  it('finds one changed sysctl, shows exactly that, sets it, and checks it', async () => {
    await asAdmin('n2', 'sudo sysctl -qw kernel.panic=5');
    const { events: plan } = await cli.events('plan');
    expect(
      plan.flatMap((event) => (event.type === 'step.planned' ? [[event.host, event.title, event.change.fields]] : [])),
    ).toEqual([['n2', 'sysctl kernel.panic', [{ field: 'live', before: '5', after: '10' }]]]);
    const { events, exitCode } = await cli.events('apply', ['--yes', '--detailed-exitcode']);
    expect(exitCode).toBe(2);
    expect(events.filter((event) => event.type === 'step.end' && event.status === 'changed')).toHaveLength(1);
    expect(await asAdmin('n2', 'sudo sysctl -n kernel.panic')).toBe('10');
  });
});

interface KubeNode {
  metadata: { name: string; labels: Record<string, string> };
  status: {
    conditions: { type: string; status: string }[];
    nodeInfo: { kubeletVersion: string };
    addresses: { type: string; address: string }[];
  };
}

interface FluxObject {
  kind: string;
  metadata: { name: string };
  status: { artifact?: { revision: string }; lastAppliedRevision?: string };
}

const PROBES = ['n2', 'n3']
  .map((node) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `probe-${node}`, namespace: 'hello' },
      spec: {
        nodeName: node,
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'probe', image: 'docker.io/picluster-lab/workload:1', imagePullPolicy: 'Never' }],
      },
    }),
  )
  .join('\n---\n');

/** Rows of the table under a heading, split at two blanks or more. */
function rowsAfter(output: string, heading: string): string[][] {
  const lines = output.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`${heading} `));
  const end = lines.findIndex((line, index) => index > start && line.trim() === '');
  return lines.slice(start + 1, end).map((line) => line.split(/ {2,}/));
}

const secretsOf = (file: string): string[] => leaves(parse(readFileSync(file, 'utf8'))).filter((value) => value.length >= 16);
const leaves = (value: unknown): string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [String(value)];

/** Counts, with strace on each node's sshd, the programs by which the root shell serves a request (one `setsid` each). */
async function watchShellRequests() {
  const tracers = await Promise.all(
    names().map(async (node) => {
      const pid = await sshdOf(node);
      const file = join(scratch, `strace-${node}`);
      const child = spawn('strace', ['-f', '-qq', '-e', 'trace=execve', '-o', file, '-p', String(pid)], { stdio: 'ignore' });
      await expect.poll(() => readFileSync(`/proc/${pid}/status`, 'utf8'), { timeout: 10_000 }).not.toMatch(/^TracerPid:\s+0$/m);
      return { node, file, child };
    }),
  );
  return {
    async stop(): Promise<Record<string, number>> {
      const counts = tracers.map(async ({ node, file, child }) => {
        // strace writes the rest when it ends; calls of several processes are cut in two, so the call counts, not its result.
        const ended = once(child, 'exit');
        child.kill('SIGINT');
        await ended;
        const served = readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.includes('execve("/usr/bin/setsid"'));
        return [node, served.length] as const;
      });
      return Object.fromEntries(await Promise.all(counts));
    },
  };
}

/** The listening sshd of a node, as this machine numbers it. */
async function sshdOf(node: string): Promise<number> {
  const inside = await asAdmin(node, 'systemctl show -p MainPID --value ssh');
  const machine = lab.machine(node);
  const { stdout } = await execa('sh', [
    '-c',
    `for p in $(pgrep -x sshd); do set -- $(grep ^NSpid /proc/$p/status); eval last=\\$$#; grep -q ${lab.cgroup(node)} /proc/$p/cgroup && [ "$last" = ${inside} ] && echo $p; done; true`,
  ]);
  const pid = Number(stdout.trim().split('\n')[0]);
  if (!pid) throw new Error(`no sshd of ${machine} found`);
  return pid;
}

/** Main processes, hashes and times of managed paths, versions of API objects. */
async function outsideView(): Promise<Record<string, string>> {
  const services =
    'for s in k3s k3s-agent chrony ssh systemd-journald systemd-logind; do echo "$s $(systemctl show -p MainPID --value $s)"; done';
  const files =
    'sudo find /etc /usr/local /var/lib/picluster /var/lib/rancher/k3s/agent/images -xdev -type f -newermt 2000-01-01 -printf "%p %T@ %s\\n" | grep -v -e /etc/rancher/node -e resolv.conf | sort; sudo sha256sum /etc/rancher/k3s/*.yaml /etc/rancher/k3s/token /etc/hosts /etc/systemd/system/k3s*.service /etc/sysctl.d/90-picluster.conf';
  const view: Record<string, string> = {};
  for (const node of names()) view[node] = await asAdmin(node, `${services}; ${files}`);
  const applied =
    'namespace/flux-system secret/flux-system configmap/cluster-settings serviceaccount/source-controller service/source-controller';
  view.api = await kubectl(
    `-n flux-system get ${applied} -o jsonpath='{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}'`,
  );
  view.sync = await kubectl(
    `-n flux-system get gitrepository/flux-system kustomization/cluster deployment/source-controller -o jsonpath='{range .items[*]}{.kind}/{.metadata.name} {.metadata.generation}{"\\n"}{end}'`,
  );
  view.crds = await kubectl(
    `get crd,clusterrole,clusterrolebinding -l app.kubernetes.io/part-of=flux -o jsonpath='{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}'`,
  );
  return view;
}

/** What packages that appeared brought along: their own files, what they depend on, their users, and their units. */
async function broughtByPackages(node: string, appeared: readonly string[]): Promise<(identity: string) => boolean> {
  const packages = appeared
    .filter((identity) => identity.startsWith('package '))
    .map((identity) => identity.slice('package '.length));
  if (packages.length === 0) return () => false;
  const owned = new Set((await asAdmin(node, `dpkg -L ${packages.join(' ')}`)).split('\n').map((path) => `file ${path}`));
  const units = packages.join('|');
  const byScripts = new RegExp(
    `^(package |file /etc/(passwd|group|shadow|gshadow|subuid|subgid)$|file /etc/(rc.\\.d|init\\.d|default|systemd/system/.*)/.*(${units})|file /etc/(apparmor\\.d/local|(${units})/|systemd/system/(${units})d\\.service$)|file /var/lib/(${units})|unit(-file)? .*(${units}))`,
  );
  return (identity) => owned.has(identity) || byScripts.test(identity);
}
