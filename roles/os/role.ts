import { packages } from '#src/resource/package.ts';
import { defineRole } from '#src/role/role.ts';
import { step, tagged } from '#src/role/step.ts';
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
      ...tagged('names', nameSteps(host, vars, cluster)),
      ...(vars.packages.length > 0 ? tagged('packages', [step(packages({ names: vars.packages }))]) : []),
      ...tagged('locale', localeSteps(host, facts, vars)),
      ...(vars.removeSnapd ? tagged('snapd', snapdSteps()) : []),
      ...(vars.ssh.harden ? tagged('ssh', sshSteps(host, facts, vars)) : []),
      ...tagged('raspberry-pi', raspberryPiSteps(host, facts, vars, cluster)),
      ...tagged('kernel', kernelSteps(vars)),
      ...(vars.swapOff ? tagged('swap', swapSteps(facts)) : []),
      ...tagged('journal', journalSteps(facts, vars)),
      ...(vars.multipathBlacklist ? tagged('multipath', multipathSteps()) : []),
    ];
  },
});
