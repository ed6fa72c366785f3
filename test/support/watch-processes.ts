import { spawn } from 'node:child_process';

/** What of the patterns (a file, one a line) was seen in processes while it watched. */
export interface ProcessWatch {
  samples(): number;
  /** Ends it: `/proc/PID/cmdline` and `/proc/PID/environ` of every process in which one was found. */
  stop(): Promise<string[]>;
}

/** Looks for texts in every process's arguments and environment, on this machine and, as nodes share its kernel, on the nodes. */
export function watchProcesses(patterns: string): ProcessWatch {
  const look = `grep -laF -f '${patterns}' /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null`;
  const child = spawn('sh', ['-c', `while :; do ${look}; echo sample; sleep 0.1; done`]);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return {
    samples: () => output.split('sample\n').length - 1,
    async stop() {
      child.kill('SIGKILL');
      return output.split('\n').filter((line) => line.startsWith('/proc/'));
    },
  };
}
