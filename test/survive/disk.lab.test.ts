import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Trial } from '../support/trial.ts';

/** A file system that takes nothing, and what an operator reads about it. All of a lab's machines share one disk: these are small ones in memory. */
const PLACE = '/etc/trial';
const MIB = 1024 * 1024;
const PATH = `${PLACE}/conf`;
let trial: Trial;

beforeAll(async () => {
  trial = await Trial.up('disk', ['d1']);
});
afterAll(() => trial.erase());

const mounted: string[] = [];
async function mount(place: string, options: string): Promise<void> {
  mounted.push(place);
  await trial.on('d1', `mkdir -p ${place}; mount -t tmpfs -o ${options} none ${place}`);
}
afterEach(async () => {
  for (const place of mounted.splice(0)) await trial.on('d1', `umount ${place}`);
});

const wantFile = (mebibytes: number) =>
  trial.want({ files: [{ path: PATH, text: '0123456789abcde\n', times: (mebibytes * MIB) / 16 }] });
const sizes = () => trial.on('d1', `cd ${PLACE}; for file in $(ls -A); do echo "$file $(stat -c %s "$file")"; done`);

test('full: the old file stays whole, nothing is left beside it, and it is told which file system has how much', async () => {
  await mount(PLACE, 'size=1m');
  await wantFile(0.5);
  await trial.expectConverges();

  await wantFile(2);
  const { exitCode, all } = await trial.apply();
  expect(all).toContain(`FAILED   trial/file:${PATH}@d1`);
  expect(all).toMatch(/no space left on \/etc\/trial \(tmpfs\) of d1: 512 KiB of 1\.0 MiB are free, which is too little/);
  expect(all).toMatch(/the machine said:\n.*No space left on device/);
  expect(all).toMatch(/next: make room there .*du -xak \/etc\/trial/);
  expect(exitCode).toBe(70);
  expect(await sizes()).toBe(`conf ${0.5 * MIB}`);

  await trial.on('d1', `mount -o remount,size=8m ${PLACE}`);
  await trial.expectConverges();
  expect(await sizes()).toBe(`conf ${2 * MIB}`);
});

test('no inode is left', async () => {
  await mount(PLACE, 'size=1m,nr_inodes=3');
  await trial.on('d1', `touch ${PLACE}/a ${PLACE}/b`);
  await wantFile(0.5);
  const { exitCode, all } = await trial.apply();
  expect(all).toMatch(/no space left on \/etc\/trial \(tmpfs\) of d1: no inodes are free \(1\.0 MiB are\)/);
  expect(exitCode).toBe(70);
  expect(await sizes()).toBe('a 0\nb 0');
  await trial.on('d1', `rm ${PLACE}/a ${PLACE}/b`);
  await trial.expectConverges();
});

test('too small for packages', async () => {
  const cache = '/var/cache/apt/archives';
  await mount(cache, 'size=16k');
  await trial.want({ packages: ['tree'] });
  const { exitCode, all } = await trial.apply();
  expect(all).toMatch(/no space left on \/var\/cache\/apt\/archives \(tmpfs\) of d1: \d+ KiB of 16 KiB are free/);
  expect(exitCode).toBe(70);
  await trial.on('d1', `umount ${mounted.pop()}`);
  await trial.expectConverges();
});

test('read-only: named as such, with what to do', async () => {
  await mount(PLACE, 'size=8m');
  await wantFile(0.5);
  await trial.expectConverges();
  await trial.on('d1', `mount -o remount,ro ${PLACE}`);
  await wantFile(1);
  const { exitCode, all } = await trial.apply();
  expect(all).toContain('/etc/trial (tmpfs) on d1 is mounted read-only');
  expect(all).toMatch(/next: .*dmesg.*mount -o remount,rw \/etc\/trial/);
  expect(exitCode).toBe(70);
  expect(await sizes()).toBe(`conf ${0.5 * MIB}`);
  await trial.on('d1', `mount -o remount,rw ${PLACE}`);
  await trial.expectConverges();
});
