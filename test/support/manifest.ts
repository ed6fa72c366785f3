/** A line of test/support/manifest.sh without its value: what kind of thing, and which: `file /etc/hosts`. */
const identity = (line: string): string => line.split(' ').slice(0, 2).join(' ');

export interface ManifestDifference {
  appeared: string[];
  vanished: string[];
  changed: string[];
}

/** What differs between two manifests, by identity. */
export function compareManifests(before: string, after: string): ManifestDifference {
  const [old, now] = [index(before), index(after)];
  return {
    appeared: [...now.keys()].filter((key) => !old.has(key)),
    vanished: [...old.keys()].filter((key) => !now.has(key)),
    changed: [...now.keys()].filter((key) => old.has(key) && old.get(key) !== now.get(key)),
  };
}

function index(manifest: string): Map<string, string> {
  const lines = manifest.split('\n').filter(Boolean);
  return new Map(lines.map((line) => [identity(line), line]));
}
