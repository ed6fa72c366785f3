import { z } from 'zod';
import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { octal, oneLine } from './schemas.ts';

/** A POSIX extended regular expression, as `grep -E` takes it. */
export const pattern = oneLine.min(1);

/** Where new lines are put when there is nothing that they replace. Of several lines that match, `after` takes the last, `before` the first. */
export const insert = z
  .union([z.enum(['top', 'bottom']), z.strictObject({ after: pattern }), z.strictObject({ before: pattern })])
  .default('bottom');

export interface Edit {
  readonly path: string;
  /** The mode of a file that is not there yet; undefined: then it is refused. */
  readonly createMode?: number | undefined;
  /** Prints the numbers of the lines of "$from" that go. The new lines take the place of the first. */
  readonly replaced: Script;
  /** New lines, without the last newline; undefined: the replaced ones go, nothing comes. */
  readonly text?: string | undefined;
  readonly insert?: z.output<typeof insert>;
  readonly validate?: Script | undefined;
}

/**
 * Edits a file that is somebody else's, in one rename: mode and owner stay, a symlink is followed. grep finds lines (mawk's expressions
 * are not POSIX's), awk puts the text together by their numbers. Through a variable: a pipe would put a cut-off text into place when awk
 * ends early.
 */
export function editLines({ path, createMode, replaced, text, insert: at = 'bottom', validate }: Edit): Script {
  const anchor = typeof at === 'string' ? '' : 'after' in at ? at.after : at.before;
  const where = typeof at === 'string' ? at : Object.keys(at)[0];
  return joinScripts([
    sh`
      path=${path} text=${text ?? ''} where=${where}
      if [ -L "$path" ]; then path=$(readlink -f "$path"); fi
      from=$path
      if [ ! -e "$path" ]; then
        if [ ${createMode === undefined ? 'refuse' : 'create'} = refuse ]; then echo ${`${path} does not exist`} >&2; exit 1; fi
        from=/dev/null
      fi
      numbers() { grep -n "$@" -- "$from" | cut -d: -f1; }
      replaced() {`,
    replaced,
    sh`
      }
      replaced=$(replaced | sort -nu | tr '\n' ' ')
      anchor=$([ -z ${anchor} ] || numbers -E -e ${anchor})
      case $where in after) anchor=\${anchor##*[!0-9]} ;; *) anchor=\${anchor%%[!0-9]*} ;; esac
      export text
      text=$(awk -v puts=${text === undefined ? '' : 'yes'} -v replaced="$replaced" -v where="$where" -v anchor="\${anchor:-0}" '
        function put() { if (puts && !done) { print ENVIRON["text"]; done = 1 } }
        BEGIN {
          count = split(replaced, numbers, " ")
          for (i = 1; i <= count; i++) drop[numbers[i]] = 1
          if (where == "top" && count == 0) put()
        }
        NR in drop { put(); next }
        count == 0 && where == "before" && NR == anchor { put() }
        { print }
        count == 0 && where == "after" && NR == anchor { put() }
        END { put(); print "." }' "$from")
      # shellcheck disable=SC2046 # three words
      set -- $(stat -c '%a %u %g' "$path" 2>/dev/null || echo ${octal(createMode ?? 0o644)} 0 0)`,
    rawScript('validate() {\ncandidate=$1'),
    validate ?? rawScript(':'),
    rawScript('}'),
    sh`printf '%s' "\${text%.}" | place "$path" "$1" "$2" "$3" validate`,
  ]);
}
