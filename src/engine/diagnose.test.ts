import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { type Diagnosis, diagnose, type FileSystem, parseStorage, storageScript, suspect } from './diagnose.ts';

const system = (mountPoint: string, overrides: Partial<FileSystem> = {}): FileSystem => ({
  mountPoint,
  type: 'ext4',
  totalKib: 4096,
  freeKib: 2048,
  freeInodes: 100,
  isReadOnly: false,
  ...overrides,
});

describe('what the machine said makes suspect', () => {
  it.each([
    ['cat: write error: No space left on device', { cause: 'full', paths: ['/etc/own'] }],
    ["mkdir: cannot create directory '/srv/a': No space left on device", { cause: 'full', paths: ['/srv/a', '/etc/own'] }],
    [
      "E: You don't have enough free space in /var/cache/apt/archives/.",
      { cause: 'full', paths: ['/var/cache/apt/archives/.', '/etc/own'] },
    ],
    [
      'unpacking /a\nmktemp: failed to create file via template ‘/etc/.picluster.a.XXXXXX’: Read-only file system',
      { cause: 'read-only', paths: ['/etc/.picluster.a.XXXXXX', '/etc/own'] },
    ],
    [
      "W: Failed to fetch http://packages.example.com/x  Temporary failure resolving 'packages.example.com'",
      { cause: 'dns', name: 'packages.example.com' },
    ],
    ['curl: (6) Could not resolve host: example.com', { cause: 'dns', name: 'example.com' }],
    ['wget: unable to resolve host address ‘example.com’', { cause: 'dns', name: 'example.com' }],
    ["wget: bad address 'example.com'", { cause: 'dns', name: 'example.com' }],
    ['E: Unable to locate package nope', undefined],
  ])('%s', (output, expected) => {
    expect(suspect(output, ['/etc/own'])).toEqual(expected);
  });
});

describe('and the file systems say', () => {
  const full = { cause: 'full', paths: ['/srv/a'] } as const;
  const readOnly = { cause: 'read-only', paths: ['/srv/a'] } as const;
  it.each<[string, Parameters<typeof diagnose>[0], FileSystem[], RegExp | undefined]>([
    [
      'which is full',
      full,
      [system('/srv', { freeKib: 0 }), system('/')],
      /^no space left on \/srv \(ext4\) of n1: 0 KiB of 4\.0 MiB are free$/,
    ],
    [
      'that what is free was too little',
      full,
      [system('/srv'), system('/', { freeKib: 0 })],
      /\/srv .* 2\.0 MiB of 4\.0 MiB are free, which is too little$/,
    ],
    ['that the inodes are used up', full, [system('/srv', { freeInodes: 0 })], /no inodes are free \(2\.0 MiB are\)/],
    [
      'that a read-only one cannot be meant',
      { ...full, paths: [] },
      [system('/', { isReadOnly: true, freeKib: 0 }), system('/var')],
      /\/var/,
    ],
    [
      'which is read-only',
      readOnly,
      [system('/srv'), system('/', { isReadOnly: true })],
      /^\/ \(ext4\) on n1 is mounted read-only$/,
    ],
    ['nothing that explains it', readOnly, [system('/srv')], undefined],
  ])('%s', (_, suspicion, systems, expected) => {
    const what = diagnose(suspicion, 'n1', systems)?.what;
    expect(what).toEqual(expected && expect.stringMatching(expected));
  });

  it('what to do next, with names to type', () => {
    const hints = [
      diagnose(full, 'n1', [system('/srv')]),
      diagnose(readOnly, 'n1', [system('/srv', { isReadOnly: true })]),
      diagnose({ cause: 'dns', name: 'example.com' }, 'n1', []),
    ].map((diagnosis: Diagnosis | undefined) => diagnosis?.hint);
    expect(hints).toEqual([
      expect.stringContaining('du -xak /srv'),
      expect.stringContaining('mount -o remount,rw /srv'),
      expect.stringContaining('getent hosts example.com'),
    ]);
  });
});

it('asks for the file system of the nearest directory that is there', async () => {
  const record = `record() { for field in "$@"; do printf '%s|' "$field"; done; echo; }`;
  const { stdout } = await execa('sh', ['-c', `${record}\n${storageScript(['/proc/nothing/here', '/proc/mounts']).text}`]);
  const systems = parseStorage(stdout.split('\n').map((line) => line.split('|')));
  expect(systems.slice(0, 2)).toMatchObject([
    { mountPoint: '/proc', type: 'proc', freeKib: 0 },
    { mountPoint: '/proc', type: 'proc', freeKib: 0 },
  ]);
  expect(systems).toHaveLength(5);
  for (const { mountPoint, totalKib, freeKib } of systems.slice(2)) {
    expect(mountPoint).toMatch(/^\//);
    expect(totalKib).toBeGreaterThanOrEqual(freeKib);
  }
});
