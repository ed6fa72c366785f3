import type { LabStatus } from './status.ts';

/** A lab's status for people: one line a machine, one a service. */
export function describeStatus(status: LabStatus): string {
  if (status.network === undefined) return `there is no lab ${status.id}; make it: picluster lab up`;
  const rows = status.nodes.map((node) => [
    node.name,
    node.address,
    node.state,
    node.ssh ? 'ssh' : '-',
    node.uptime === undefined ? '-' : duration(node.uptime),
  ]);
  for (const service of status.services) rows.push([service.name, service.url, service.running ? 'running' : 'off']);
  return [`lab ${status.id}, network ${status.network}`, ...columns(rows)].join('\n');
}

/** Two units at most: `3m 12s`, `2d 4h`. */
export function duration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first === -1) return '0s';
  let rest = seconds;
  const parts = units.slice(first, first + 2).map(([unit, size]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return `${amount}${unit}`;
  });
  return parts.filter((part, index) => index === 0 || !part.startsWith('0')).join(' ');
}

function columns(rows: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) => row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!))).join('  '));
}
