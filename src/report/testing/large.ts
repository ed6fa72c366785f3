import type { EngineEvent, StampedEvent } from '#src/engine/events.ts';

const LINE =
  'Get:1 http://deb.example.com bookworm/main amd64 package <script>window.pwned = true</script> & "more" \u001b[31mred\u001b[0m\n';

/** A run as large and as unfriendly as one can be: many hosts, many steps, a megabyte said by one of them, markup in everything that comes from machines. */
export function largeRun(hosts: number, stepsPerHost: number): StampedEvent[] {
  const names = Array.from({ length: hosts }, (_, index) => `node-${String(index).padStart(3, '0')}`);
  const events: EngineEvent[] = [
    {
      type: 'run.start',
      run: 'large',
      command: 'apply',
      cluster: '"><script>window.pwned = true</script>',
      release: 'v1',
      hosts: names,
      version: '1',
    },
    {
      type: 'plan.graph',
      roles: names.map((host) => ({ host, role: 'os', steps: stepsPerHost, pools: [] })),
      edges: names.slice(1).map((host) => ({ from: `os@${names[0]}`, to: `os@${host}` })),
    },
    ...names.flatMap((host, index): EngineEvent[] => stepsOf(host, index, stepsPerHost)),
    { type: 'run.end', status: 'failed', exitCode: 70, changed: 0, failed: 1, notReached: 0, durationMs: 1 },
  ];
  return events.map((event, seq) => ({ v: 1, seq, at: new Date(Date.UTC(2026, 0, 1) + seq * 5).toISOString(), ...event }));
}

function stepsOf(host: string, index: number, count: number): EngineEvent[] {
  return Array.from({ length: count }, (_, step): EngineEvent[] => {
    const ref = `os/file:/etc/a-rather-long-name-of-a-directory/part-${step}.conf@${host}`;
    const where = { host, step: ref, title: `file <b>${step}</b>` };
    const diff = `--- a\n+++ b\n@@ -1 +1 @@\n-old ${index}\n+<img src=x onerror="window.pwned = true">${step} ${host}\n`;
    const isBroken = index === 0 && step === 0;
    return [
      { type: 'step.start', ...where },
      ...(isBroken ? [{ type: 'step.output', host, step: ref, text: LINE.repeat(9000) } as const] : []),
      {
        type: 'step.end',
        ...where,
        status: isBroken ? 'failed' : 'changed',
        durationMs: 5,
        change: { action: 'update', fields: [{ field: 'content', before: '<i>', after: `${host}` }], diff },
        ...(isBroken
          ? {
              error: {
                code: 'E_STEP',
                message: 'x </title><script>window.pwned = true</script>',
                output: LINE.repeat(9000),
                hint: '</pre><script>',
              },
            }
          : {}),
      },
    ];
  }).flat();
}
