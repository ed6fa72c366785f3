import { command } from '#src/resource/command.ts';
import { packages } from '#src/resource/package.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { sh } from '#src/shell/script.ts';

const LIST = sh`snap list --all 2>/dev/null | awk 'NR > 1 {print $1}' | sort -u`;

/** Ubuntu's snaps and the daemon that runs them. A snap that others need cannot go before them: rounds until none is left. */
export function snapdSteps(): StepDraft[] {
  return [
    step(
      command({
        title: 'no snap is installed',
        unless: sh`! command -v snap >/dev/null 2>&1 || [ -z "$(${LIST})" ]`,
        run: sh`
          left=$(${LIST})
          while [ -n "$left" ]; do
            for snap in $left; do snap remove --purge "$snap" 2>/tmp/picluster-snap.err || true; done
            before=$left
            left=$(${LIST})
            if [ "$left" = "$before" ]; then
              echo "these snaps cannot be removed:" $left >&2
              cat /tmp/picluster-snap.err >&2
              exit 1
            fi
          done
          rm -f /tmp/picluster-snap.err`,
      }),
      { name: 'no-snaps' },
    ),
    step(packages({ names: ['snapd'], state: 'absent', purge: true })),
  ];
}
