import { setTimeout as sleep } from 'node:timers/promises';
import { inNode, type Lab, powerCut, powerOn, reboot } from '#lab/machines/index.ts';
import type { StampedEvent } from '#src/engine/events.ts';
import type { Picluster } from '../support/picluster.ts';
import type { Fault } from './rounds.ts';

/** When a fault took effect: milliseconds since 1970. */
export interface Injected {
  readonly from: number;
  readonly until: number;
}

/** picluster's own connections: the test itself logs in as root. */
const SESSIONS = '^sshd: admin';
const FILLER = '/var/lib/chaos/small/filler';
/** The last is long enough for the connection to be given up. */
const STALL_SECONDS = [2, 3, 4, 5, 14];

/** Does the fault; resolves once it is over, but for a full disk, which stays until `mend`. */
export async function inject(lab: Lab, run: Picluster, fault: Fault): Promise<Injected> {
  const { type, host, delayMs, variant } = fault;
  await sleep(delayMs);
  const from = Date.now();
  const until = (): Injected => ({ from, until: Date.now() });
  const onHost = (...command: string[]) => inNode(lab, host, command);
  if (type === 'kill') {
    run.kill('SIGKILL');
    return until();
  }
  if (type === 'full') {
    await onHost('sh', '-c', `cat /dev/zero >${FILLER} 2>/dev/null || true`);
    return until();
  }
  if (type === 'drop') {
    await onHost('pkill', '-KILL', '-f', SESSIONS);
    return until();
  }
  if (type === 'stall') {
    await onHost('pkill', '-STOP', '-f', SESSIONS);
    const stalled = until();
    await sleep(STALL_SECONDS[Math.floor(variant * STALL_SECONDS.length)]! * 1000);
    await onHost('sh', '-c', `pkill -CONT -f '${SESSIONS}' || true`);
    return stalled;
  }
  if (variant < 0.5) await reboot(lab, host);
  else {
    await powerCut(lab, host);
    await powerOn(lab, host);
  }
  return until();
}

export const mend = (lab: Lab, { type, host }: Fault): Promise<unknown> =>
  type === 'full' ? inNode(lab, host, ['rm', '-f', FILLER]) : Promise.resolve();

/** Does the journal prove that the fault came between the start and the end of its step? */
export function isHit(events: readonly StampedEvent[], { type, host, step }: Fault, { from, until }: Injected): boolean {
  const started = events.findIndex((event) => event.type === 'step.start' && event.step === step);
  if (started < 0) return false;
  const ended = events.findIndex((event) => event.type === 'step.end' && event.step === step);
  const during = events.slice(started, ended < 0 ? undefined : ended);
  const isLoss = (event: StampedEvent): boolean =>
    (event.type === 'host.lost' || event.type === 'host.reconnecting' || event.type === 'host.reconnected') &&
    event.host === host;
  switch (type) {
    case 'kill':
      return ended < 0;
    case 'drop':
    case 'reboot':
      return during.some(isLoss);
    default:
      return Date.parse(events[started]!.at) <= from && (ended < 0 || Date.parse(events[ended]!.at) >= until);
  }
}
