import { z } from 'zod';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import { type ArtifactSource, NO_WAY_OUT } from './kind.ts';

export const artifactSource: z.ZodType<ArtifactSource> = z.object({
  urls: z.array(z.url({ protocol: /^https?$/ })).min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex'),
  name: z.string().min(1),
});

/** For people. */
export const shortSum = (sha256: string): string => sha256.slice(0, 12);

/** A path's directory (empty for the root) and its last part. */
export function placeOf(path: string): { directory: string; base: string } {
  const slash = path.lastIndexOf('/');
  return { directory: path.slice(0, slash), base: path.slice(slash + 1) };
}

/**
 * Each URL in order, into the file `aside`; with what is right there, `done` runs and the script ends. Unreachable ones are passed over;
 * when none is left the node has no way out. A wrong checksum ends it: then somebody serves something else, and asking others would
 * hide that.
 */
export const fetching = ({ urls, sha256 }: ArtifactSource, aside: string, done: Script): Script =>
  joinScripts([
    sh`
      aside=${aside} wanted=${sha256}
      fetch() {
        if command -v curl >/dev/null 2>&1; then
          curl -fsSL --connect-timeout 10 --speed-limit 1024 --speed-time 30 --retry 2 -o "$aside" "$1"
        elif command -v wget >/dev/null 2>&1; then
          wget -q -T 30 -O "$aside" "$1"
        else
          echo 'neither curl nor wget is installed' >&2; return 1
        fi
      }
      for url in ${urls}; do
        rm -f "$aside"
        fetched=0
        fetch "$url" || fetched=$?
        case $fetched in
          0) ;;
          3 | 23) # wget's and curl's word for: it could not be written. head says why.
            head -c 65536 /dev/zero >>"$aside" || true
            rm -f "$aside"
            echo "cannot write to \${aside%/*}" >&2
            exit 1 ;;
          *) echo "not reachable: $url"; continue ;;
        esac
        got=$(sha256sum <"$aside"); got=\${got%% *}
        if [ "$got" != "$wanted" ]; then
          size=$(wc -c <"$aside")
          rm -f "$aside"
          echo "wrong checksum from $url: wanted sha256 $wanted, got $got ($size bytes)" >&2
          exit 1
        fi`,
    done,
    sh`
        exit 0
      done
      rm -f "$aside"
      exit ${NO_WAY_OUT}`,
  ]);
