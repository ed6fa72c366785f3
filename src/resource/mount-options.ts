/** How a mount stands as options say it: what both fstab and the kernel can be asked for. Source: mount(8), FILESYSTEM-INDEPENDENT MOUNT OPTIONS. */
const DEFAULTS = { ro: 'rw', nosuid: 'suid', nodev: 'dev', noexec: 'exec', atime: 'relatime' };

/** Which of the switches an option turns, and to what. */
const SWITCHES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  ...Object.fromEntries(['ro', 'rw'].map((word) => [word, [['ro', word]]])),
  ...Object.fromEntries(
    ['suid', 'dev', 'exec'].flatMap((word) => [word, `no${word}`].map((value) => [value, [[`no${word}`, value]]])),
  ),
  ...Object.fromEntries(['noatime', 'relatime', 'strictatime'].map((word) => [word, [['atime', word]]])),
  ...Object.fromEntries(
    ['user', 'users'].map((word) => [
      word,
      [
        ['nosuid', 'nosuid'],
        ['nodev', 'nodev'],
        ['noexec', 'noexec'],
      ],
    ]),
  ),
  ...Object.fromEntries(
    ['owner', 'group'].map((word) => [
      word,
      [
        ['nosuid', 'nosuid'],
        ['nodev', 'nodev'],
      ],
    ]),
  ),
};

/** The kernel shows these as they were asked for, once units are reckoned. */
const SIZES = ['size', 'nr_inodes'];

/** For mount(8) and systemd: no file system knows them. */
const USERLAND = /^(?:defaults|auto|noauto|nofail|_netdev|nouser|users?|owner|group|comment=.*|[xX]-.*)$/;

export const isBind = (options: readonly string[]): boolean => options.some((option) => option === 'bind' || option === 'rbind');

/** What mount(8) of any make is given. */
export const kernelOptions = (options: readonly string[]): string[] => {
  const implied = options.flatMap((option) => (USERLAND.test(option) ? (SWITCHES[option] ?? []).map(([, value]) => value) : []));
  return [...implied, ...options.filter((option) => !USERLAND.test(option))];
};

/** As a set: order and `defaults` say nothing. */
export const sameOptions = (one: readonly string[], other: readonly string[]): boolean => {
  const key = (options: readonly string[]): string =>
    [...new Set(options)]
      .filter((option) => option !== 'defaults')
      .sort()
      .join(',');
  return key(one) === key(other);
};

/**
 * The wanted options that a live mount does not have, as pairs [live, wanted]. The kernel adds some of its own (`relatime`, `inode64`), which
 * do not count; a bind mount has those of what it shows, unless it asks for others.
 */
export function liveDifferences(wanted: readonly string[], live: readonly string[]): (readonly [live: string, wanted: string])[] {
  const asked = switchesOf(wanted);
  const have: Record<string, string> = {
    ...DEFAULTS,
    atime: 'strictatime',
    ...switchesOf(live),
    ...(live.includes('ro') ? { ro: 'ro' } : {}),
  };
  const should = isBind(wanted) ? asked : { ...DEFAULTS, ...asked };
  const flags = Object.entries(should).map(([name, value]) => [have[name] ?? '', value] as const);
  const sizes = SIZES.flatMap((name) => {
    const [one, other] = [assigned(live, name), assigned(wanted, name)];
    return bytes(one) === undefined || bytes(other) === undefined || bytes(one) === bytes(other)
      ? []
      : [[one ?? '', other ?? ''] as const];
  });
  return [...flags.filter(([one, other]) => one !== other), ...sizes];
}

/** For a remount: every switch said aloud, as the kernel keeps what is not. */
export function remountOptions(wanted: readonly string[]): string[] {
  const bind = isBind(wanted);
  const switches = Object.values(bind ? switchesOf(wanted) : { ...DEFAULTS, ...switchesOf(wanted) });
  return [
    ...(bind ? ['bind'] : []),
    ...switches,
    ...wanted.filter((option) => SIZES.some((name) => option.startsWith(`${name}=`))),
  ];
}

const switchesOf = (options: readonly string[]): Record<string, string> =>
  Object.fromEntries(options.flatMap((option) => SWITCHES[option] ?? []));

const assigned = (options: readonly string[], name: string): string | undefined =>
  options.findLast((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);

/** `64m` to 67108864; undefined for what is no number of units, such as `50%`. */
function bytes(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
}
