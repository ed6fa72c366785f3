export function stdioFor(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  isOpen?: (fd: number) => boolean,
): (number | 'ignore')[];
