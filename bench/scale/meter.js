import diagnostics from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

// Loaded into picluster's process by --import: writes what it used to the file $METER when it ends. Plain JavaScript, as what strips types needs
// 10 MB and time of its own.
const cpuMs = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
const delay = monitorEventLoopDelay({ resolution: 5 });
// CPU until the first connection was begun: reading, validating, loading modules. The lag counts from then on.
let startMs = 0;
diagnostics.subscribe('net.client.socket', () => {
  if (startMs > 0) return;
  startMs = cpuMs();
  delay.enable();
});
process.on('exit', () => {
  const meter = { cpuMs: cpuMs(), startMs, memoryMiB: process.resourceUsage().maxRSS / 1024, lagMs: delay.max / 1e6 };
  writeFileSync(process.env.METER ?? '/dev/stderr', JSON.stringify(meter));
});
