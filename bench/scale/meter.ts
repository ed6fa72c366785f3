import diagnostics from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Loaded into picluster's process by --import: writes what it used to the file $METER when it ends. */
export interface Meter {
  /** User and system, whole process, start-up included. */
  cpuMs: number;
  /** Of it, until the first connection was begun: reading, validating, loading modules. */
  startMs: number;
  memoryMiB: number;
  /** Longest time for which the event loop did nothing else, from the first connection on. */
  lagMs: number;
}

const cpuMs = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
const delay = monitorEventLoopDelay({ resolution: 5 });
let startMs = 0;
diagnostics.subscribe('net.client.socket', () => {
  if (startMs > 0) return;
  startMs = cpuMs();
  delay.enable();
});
process.on('exit', () => {
  const meter: Meter = { cpuMs: cpuMs(), startMs, memoryMiB: process.resourceUsage().maxRSS / 1024, lagMs: delay.max / 1e6 };
  writeFileSync(process.env.METER ?? '/dev/stderr', JSON.stringify(meter));
});
