import { command } from '#src/resource/command.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { sh } from '#src/shell/script.ts';

const DIRECTORY = '/etc/multipath/conf.d';
const DROP_IN = `${DIRECTORY}/picluster.conf`;
const SETTINGS = '# Written by picluster: Longhorn\'s disks are no paths to one.\nblacklist {\n  devnode "^sd[a-z0-9]+"\n}\n';

/** multipathd, where it is installed, takes Longhorn's disks for itself. Source: multipath.conf(5). */
export const multipathSteps = (): StepDraft[] => [
  step(
    command({
      title: 'multipathd leaves plain disks alone',
      unless: sh`[ ! -e /etc/multipath.conf ] || [ "$(cat ${DROP_IN} 2>/dev/null; printf x)" = ${`${SETTINGS}x`} ]`,
      run: sh`
        mkdir -p ${DIRECTORY}
        printf %s ${SETTINGS} | place ${DROP_IN} 644 root root
        if command -v rc-service >/dev/null 2>&1; then rc-service --ifstarted multipathd restart; else systemctl try-restart multipathd.service; fi`,
    }),
    { name: 'multipath-blacklist' },
  ),
];
