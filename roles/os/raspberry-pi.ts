import type { Cluster, Host } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import { command } from '#src/resource/command.ts';
import { packages } from '#src/resource/package.ts';
import { reboot } from '#src/resource/reboot.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { type Script, sh } from '#src/shell/script.ts';
import { distributionOf } from '../distribution.ts';
import type { OsVars } from './vars.ts';

const CGROUP_FLAGS = ['cgroup_enable=cpuset', 'cgroup_enable=memory', 'cgroup_memory=1'];
/** What only a Raspberry Pi needs: no clock that runs without power, kernel flags in its firmware's files. */
export function raspberryPiSteps(host: Host, facts: Facts, { raspberryPi }: OsVars, cluster: Cluster): StepDraft[] {
  if (!facts.model.startsWith('Raspberry Pi')) return [];
  const names = raspberryPi.packages ?? defaultPackages(facts);
  const cmdline = facts.firmwareCmdline;
  const changes = [
    ...(raspberryPi.memoryCgroup && cmdline ? [memoryCgroup(cmdline)] : []),
    ...(raspberryPi.gpuMemory && cmdline ? [gpuMemory(cmdline, raspberryPi.gpuMemory)] : []),
  ];
  const firmware = raspberryPi.reboot ? changes : changes.map((change) => ({ ...change, note: 'takes effect after a reboot' }));
  return [
    ...(names.length > 0 ? [step(packages({ names }), { name: 'raspberry-pi-packages' })] : []),
    ...firmware,
    ...(firmware.length > 0 && raspberryPi.reboot ? [rebootFor(firmware, host, facts, cluster)] : []),
  ];
}

/** Machines of a running cluster reboot one after the other; blank ones all at once. */
function rebootFor(restartOn: readonly StepDraft[], { name }: Host, { k3s }: Facts, cluster: Cluster): StepDraft {
  const isClustered = k3s.version !== undefined;
  const loses = isClustered ? lostWithout(name, cluster) : undefined;
  const work = reboot({ host: name, ...(loses ? { loses } : {}) });
  return step(work, { name: 'reboot', restartOn, ...(isClustered ? { pool: 'reboot' } : {}) });
}

/** Of two servers etcd needs both; of three or more one may be away. */
function lostWithout(name: string, cluster: Cluster): string | undefined {
  const servers = cluster.hostsWithRole('k3s-server').map((server) => server.name);
  if (!servers.includes(name) || servers.length > 2) return undefined;
  return servers.length === 1 ? 'the Kubernetes API' : "etcd's quorum, and with it the Kubernetes API,";
}

/** Ubuntu keeps the VXLAN module in a package of its own. */
const defaultPackages = (facts: Facts): string[] => [
  ...distributionOf(facts).fakeClock,
  ...(facts.os.id === 'ubuntu' ? ['linux-modules-extra-raspi', 'libraspberrypi-bin'] : []),
];

/** The kernel's command line is one line; the file is on FAT, so it is written aside and renamed, without modes. */
function memoryCgroup(path: string): StepDraft {
  return step(
    command({
      title: 'the kernel is told to account for memory',
      unless: hasFlags(path),
      run: sh`
        line=$(head -n 1 ${path})
        for flag in ${CGROUP_FLAGS}; do
          case " $line " in *" $flag "*) ;; *) line="$line $flag" ;; esac
        done
        printf '%s\n' "$line" >${path}.picluster
        sync ${path}.picluster
        mv -f ${path}.picluster ${path}`,
    }),
    { name: 'memory-cgroup' },
  );
}

const hasFlags = (path: string): Script => sh`
  line=$(head -n 1 ${path} 2>/dev/null)
  missing=''
  for flag in ${CGROUP_FLAGS}; do
    case " $line " in *" $flag "*) ;; *) missing=yes ;; esac
  done
  [ -z "$missing" ]`;

/** A server has no use for graphics memory. `config.txt` lies beside `cmdline.txt`. */
function gpuMemory(cmdline: string, mebibytes: number): StepDraft {
  const path = cmdline.replace(/[^/]+$/, 'config.txt');
  const line = `gpu_mem=${mebibytes}`;
  return step(
    command({
      title: `the GPU gets ${mebibytes} MiB`,
      unless: sh`[ "$(grep '^gpu_mem=' ${path} 2>/dev/null | tail -n 1)" = ${line} ]`,
      run: sh`
        { grep -v '^gpu_mem=' ${path} || true; printf '[all]\n%s\n' ${line}; } >${path}.picluster
        sync ${path}.picluster
        mv -f ${path}.picluster ${path}`,
    }),
    { name: 'gpu-memory' },
  );
}
