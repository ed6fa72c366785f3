import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { powerOff, powerOn } from '#lab/machines/index.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { onNode } from '../support/nodes.ts';
import type { Pair } from '../support/pair.ts';

const WORK_SECONDS = 15;
const DIRECTORY = '/var/lib/picluster-test';
const BEGUN = 'at work';
const OTHER = '/etc/systemd/logind.conf.d/zzz-other.conf';
const WITHOUT_GRACE = ['shutdownGracePeriod', 'shutdownGracePeriodCriticalPods'].flatMap((key) => [
  '--set',
  `k3s.kubelet.${key}=0s`,
]);

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'long-work', namespace: 'default' },
  spec: {
    nodeName: 'n2',
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 25,
    securityContext: { runAsUser: 0 },
    containers: [
      {
        name: 'work',
        image: 'docker.io/picluster-lab/workload:1',
        imagePullPolicy: 'Never',
        env: [
          { name: 'GRACE_WORK_SECONDS', value: String(WORK_SECONDS) },
          { name: 'PROGRESS_FILE', value: '/progress/progress' },
        ],
        volumeMounts: [{ name: 'progress', mountPath: '/progress' }],
      },
    ],
    volumes: [{ name: 'progress', hostPath: { path: DIRECTORY } }],
  },
};

interface Off {
  /** Seconds of its work that the pod had done when the node was off. */
  worked: number;
  isDone: boolean;
  /** How long the node took to power off. */
  seconds: number;
}

/** A node that is switched off lets its pods finish; and picluster notices when something on the node would not let it. */
export function gracefulShutdownTests(pair: Pair): void {
  const { lab, cli } = pair;

  /** Starts the workload on n2, presses n2's power button, and reads from its disk how far the work came. n2 is on again afterwards. */
  async function powerOffAtWork(): Promise<Off> {
    await onNode(lab, 'n2', `mkdir -p ${DIRECTORY} && echo '${BEGUN}' >${DIRECTORY}/progress && sync ${DIRECTORY}/progress`);
    await pair.kubectl('delete pod long-work --ignore-not-found --force --grace-period=0 2>/dev/null');
    await pair.kubectl('apply -f -', POD);
    const explain = () => pair.kubectl('describe pod long-work');
    const isReady = 'get pod long-work -o jsonpath=\'{.status.conditions[?(@.type=="Ready")].status}\'';
    await waitFor('the workload', async () => (await pair.kubectl(isReady)) === 'True', {
      timeout: 90_000,
      interval: 500,
      explain,
    });

    const began = performance.now();
    await powerOff(lab, 'n2');
    const seconds = (performance.now() - began) / 1000;
    const progress = await readFile(join(lab.nodeDir('n2'), 'upper', DIRECTORY, 'progress'), 'utf8');
    const [first, ...work] = progress.trim().split('\n');
    expect(first).toBe(BEGUN);
    await powerOn(lab, 'n2');
    const worked = work.filter((line) => line.includes('finishing')).length;
    console.log(`graceful: off after ${seconds.toFixed(1)} s, ${worked} s of work done`);
    return { worked, isDone: work.at(-1) === 'done', seconds };
  }

  const stepsPlanned = async (): Promise<{ exitCode: number; steps: string[] }> => {
    const { exitCode, events } = await cli.events('plan', ['--detailed-exitcode']);
    return { exitCode, steps: events.flatMap((event) => (event.type === 'step.planned' ? [event.step] : [])) };
  };

  /** Who holds up a shutdown of n2. */
  const inhibitors = () => onNode(lab, 'n2', 'systemd-inhibit --list --no-legend');

  test('a node that powers off lets a pod finish 15 s of work', async () => {
    const { worked, isDone, seconds } = await powerOffAtWork();
    expect({ worked, isDone }).toEqual({ worked: WORK_SECONDS, isDone: true });
    expect(seconds).toBeGreaterThan(WORK_SECONDS);
    const status = JSON.parse(await pair.kubectl('get pod long-work -o jsonpath={.status}'));
    expect(status).toMatchObject({
      phase: 'Succeeded',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
      ]),
      containerStatuses: [{ state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
    });
  });

  test('a drop-in of somebody else that holds the delay at 5 s is named, before it cuts the work', async () => {
    expect(await stepsPlanned()).toEqual({ exitCode: 0, steps: [] });
    await onNode(lab, 'n2', `printf '[Login]\\nInhibitDelayMaxSec=5\\n' >${OTHER} && systemctl restart systemd-logind`);

    expect(await stepsPlanned()).toEqual({ exitCode: 2, steps: ['k3s-agent/logind-delay@n2'] });
    const { exitCode, all } = await cli.run('apply', ['--yes']);
    expect({ exitCode, all }).toMatchObject({ exitCode: 70, all: expect.stringContaining('k3s-agent/logind-delay@n2') });
    expect(all).toContain('logind waits shorter than 30 s before it powers off');
    expect(all).toMatch(/zz-picluster\.conf: InhibitDelayMaxSec=40\n.*zzz-other\.conf: InhibitDelayMaxSec=5\n/);

    const { worked, isDone } = await powerOffAtWork();
    expect(isDone).toBe(false);
    expect(worked).toBeLessThan(10);

    // kubelet has started under the short delay, and asks again only at its next start
    const gaveUp = "journalctl -b -u k3s-agent -o cat | grep -c 'unable to update logind InhibitDelayMaxSec' || true";
    await waitFor('kubelet to find the delay too short', async () => (await onNode(lab, 'n2', gaveUp)) !== '0', {
      timeout: 60_000,
      interval: 500,
      explain: () => onNode(lab, 'n2', 'journalctl -b -u k3s-agent -o cat -g shutdown -n 5'),
    });
    await onNode(lab, 'n2', `rm ${OTHER} && systemctl restart systemd-logind`);
    expect(await inhibitors()).not.toContain('kubelet');
    expect(await stepsPlanned()).toEqual({ exitCode: 2, steps: ['k3s-agent/kubelet-inhibitor@n2'] });
    expect(await cli.run('apply', ['--yes'])).toMatchObject({ exitCode: 0 });
    expect(await inhibitors()).toContain('kubelet');
    expect(await stepsPlanned()).toEqual({ exitCode: 0, steps: [] });
  });

  test("without kubelet's grace period the work is cut", async () => {
    const { exitCode, all } = await cli.run('apply', ['--yes', '--limit', 'n2', ...WITHOUT_GRACE]);
    expect(exitCode, all).toBe(0);
    expect(await inhibitors()).not.toContain('kubelet');
    const { worked, isDone } = await powerOffAtWork();
    expect(isDone).toBe(false);
    expect(worked).toBeLessThan(WORK_SECONDS);
  });
}
