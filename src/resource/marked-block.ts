import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { type Edit, editLines } from './edit-lines.ts';

/** Lines of ours between two marker lines in a file that is somebody else's. */
export interface Markers {
  readonly path: string;
  readonly begin: string;
  readonly end: string;
  /** What every marker of ours begins with in this file: a line like that within the block is somebody's mistake. */
  readonly prefix: string;
}

export interface BlockState {
  hasFile: boolean;
  /** `damaged`: the markers are not there exactly once each, in order, with nothing of another block between them. */
  markers: 'none' | 'whole' | 'damaged';
  block: string;
}

export const probeBlocks = (blocks: readonly Markers[]): Script =>
  joinScripts([
    rawScript(BLOCK_STATE),
    ...blocks.map(({ path, begin, end, prefix }) => sh`block_state ${path} ${begin} ${end} ${prefix}`),
  ]);

export const parseBlock = ([hasFile, markers = 'none', block = '']: readonly string[]): BlockState => ({
  hasFile: hasFile === 'yes',
  markers: markers as BlockState['markers'],
  block,
});

/** The block with its markers where it stood, or at its place; `lines` undefined: it goes. A damaged one is not guessed at. */
export function blockScript(
  { path, begin, end }: Markers,
  state: BlockState,
  lines: string | undefined,
  more: Pick<Edit, 'createMode' | 'insert' | 'validate'> = {},
): Script {
  if (state.markers === 'damaged')
    return sh`echo ${`${path}: "${begin}" and "${end}" must stand there once each, in order: mend or remove them`} >&2; exit 1`;
  return editLines({
    ...more,
    path,
    replaced: sh`
      begin=${begin} end=${end} awk '
        $0 == ENVIRON["begin"] { inside = 1 }
        inside { print NR }
        $0 == ENVIRON["end"] { inside = 0 }' "$from"`,
    text: lines === undefined ? undefined : `${begin}\n${lines}${end}`,
  });
}

/** awk's own -v would take backslashes for escapes: so through the environment. */
const BLOCK_STATE = String.raw`
block_state() {
  has=yes file=$1
  [ -r "$file" ] || { has=no file=/dev/null; }
  has=$has begin=$2 end=$3 prefix=$4 awk '
    $0 == ENVIRON["begin"] { if (inside) damaged = 1; begins++; inside = 1; next }
    $0 == ENVIRON["end"] { if (!inside) damaged = 1; ends++; inside = 0; next }
    inside {
      if (index($0, ENVIRON["prefix"]) == 1) damaged = 1
      gsub(/[\036\037]/, ""); block = block $0 "\n"
    }
    END {
      markers = begins + ends == 0 ? "none" : begins == 1 && ends == 1 && !damaged ? "whole" : "damaged"
      printf "%s\037%s\037%s\037\036", ENVIRON["has"], markers, block
    }' "$file"
}`;
