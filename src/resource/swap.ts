import { z } from 'zod';
import { sh } from '#src/shell/script.ts';
import { changeOf } from './changes.ts';
import { defineKind } from './kind.ts';

const schema = z.strictObject({ state: z.literal('absent').describe('There is no other: picluster makes no swap') });

interface State {
  /** Devices and files in use. */
  active: string;
  /** Of fstab. */
  atBoot: string;
}

export const swap = defineKind({
  name: 'swap',
  summary:
    "No swap: off now, and its lines of fstab commented out. What else makes swap at boot (zram, dphys-swapfile) is a service's business.",
  absent: 'all swap is off now; lines in fstab are commented out',
  schema,
  id: () => 'swap',

  probe: (specs) => sh`
    active=$(awk 'NR > 1 { print $1 }' /proc/swaps 2>/dev/null)
    boot=$(awk '$1 !~ /^#/ && $3 == "swap" { print $1 }' /etc/fstab 2>/dev/null)
    for wanted in ${specs.map((spec) => spec.state)}; do record "$active" "$boot"; done`,
  parse: ([active = '', atBoot = '']): State => ({ active, atBoot }),
  diff: (_, { active, atBoot }) =>
    changeOf('delete', [
      ...(active ? [{ field: 'active', before: active }] : []),
      ...(atBoot ? [{ field: 'in fstab', before: atBoot }] : []),
    ]),

  apply: (_, state) => ({
    script: sh`
      if [ -n ${state.atBoot} ]; then
        text=$(awk '$1 !~ /^#/ && $3 == "swap" { printf "# off by picluster: " } { print } END { print "." }' /etc/fstab)
        # shellcheck disable=SC2046 # three words
        set -- $(stat -c '%a %u %g' /etc/fstab)
        printf '%s' "\${text%.}" | place /etc/fstab "$1" "$2" "$3"
        if command -v systemctl >/dev/null 2>&1; then systemctl daemon-reload; fi
      fi
      if [ -n ${state.active} ]; then swapoff -a; fi`,
  }),
  fingerprint: () => 'absent',
});
