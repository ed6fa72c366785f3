/** The directory that the mirror serves; builds what is missing. */
export async function mirrorDirectory(_options: {
  say(line: string): void;
  signal?: AbortSignal | undefined;
}): Promise<string | undefined> {
  return undefined;
}
