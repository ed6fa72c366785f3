import type { Facts } from '#src/facts/facts.ts';
import { command } from '#src/resource/command.ts';
import { service } from '#src/resource/service.ts';
import { swap } from '#src/resource/swap.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { sh } from '#src/shell/script.ts';

/** Units that make swap without fstab: Raspberry Pi OS's file, zram of several distributions. */
const MAKERS = ['dphys-swapfile.service', 'zramswap.service', 'rpi-zram-writeback.timer'];
const ENABLED = sh`systemctl list-unit-files --no-legend --no-pager ${MAKERS} 2>/dev/null | awk '$2 == "enabled" {print $1}'`;
const GENERATOR = '/etc/systemd/zram-generator.conf';

/** No swap now, and nothing that makes any at the next start. */
export function swapSteps({ init }: Facts): StepDraft[] {
  const off = step(swap({ state: 'absent' }));
  if (init === 'openrc') return [step(service({ name: 'zram-init', enabled: false, running: false })), off];
  return [
    step(
      command({
        title: 'nothing makes swap at start',
        unless: sh`[ -z "$(${ENABLED})" ] && { [ ! -x /usr/lib/systemd/system-generators/zram-generator ] || { [ -e ${GENERATOR} ] && [ ! -s ${GENERATOR} ]; }; }`,
        run: sh`
          units=$(${ENABLED})
          [ -z "$units" ] || systemctl disable --now $units
          if [ -x /usr/lib/systemd/system-generators/zram-generator ]; then
            printf '' | place ${GENERATOR} 644 root root
            systemctl daemon-reload
          fi`,
      }),
      { name: 'no-swap-makers' },
    ),
    off,
  ];
}
