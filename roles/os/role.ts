import { packages } from '#src/resource/package.ts';
import { defineRole } from '#src/role/role.ts';
import { step } from '#src/role/step.ts';
import { journalSteps } from './journal.ts';
import { kernelSteps } from './kernel.ts';
import { localeSteps } from './locale.ts';
import { multipathSteps } from './multipath.ts';
import { nameSteps } from './names.ts';
import { raspberryPiSteps } from './raspberry-pi.ts';
import { snapdSteps } from './snapd.ts';
import { sshSteps } from './ssh.ts';
import { swapSteps } from './swap.ts';
import { OsVars } from './vars.ts';

/** What every machine of the cluster has in common. Each part can be turned off. */
export default defineRole({
  name: 'os',
  namespace: 'os',
  vars: OsVars,
  steps({ host, facts, vars, cluster }) {
    return [
      ...nameSteps(host, vars, cluster),
      ...(vars.packages.length > 0 ? [step(packages({ names: vars.packages }))] : []),
      ...localeSteps(host, facts, vars),
      ...(vars.removeSnapd ? snapdSteps() : []),
      ...(vars.ssh.harden ? sshSteps(host, facts, vars) : []),
      ...raspberryPiSteps(host, facts, vars, cluster),
      ...kernelSteps(vars),
      ...(vars.swapOff ? swapSteps(facts) : []),
      ...journalSteps(facts, vars),
      ...(vars.multipathBlacklist ? multipathSteps() : []),
    ];
  },
});
