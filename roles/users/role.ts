import { PiclusterError } from '#src/errors.ts';
import { authorizedKey } from '#src/resource/authorized-key.ts';
import { file } from '#src/resource/file.ts';
import { packages } from '#src/resource/package.ts';
import { user } from '#src/resource/user.ts';
import { defineRole } from '#src/role/role.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { rawScript } from '#src/shell/script.ts';
import { type Distribution, distributionOf } from '../distribution.ts';
import { type User, UsersVars } from './vars.ts';

/** Logins with their keys and what sudo allows them. The login that picluster uses itself is never removed. */
export default defineRole({
  name: 'users',
  namespace: 'users',
  vars: UsersVars,
  steps({ host, facts, vars }) {
    const own = vars.list.find(({ name, state }) => name === host.target.user && state === 'absent');
    if (own)
      throw new PiclusterError(`users.list removes ${own.name}, as whom picluster logs in`, {
        host: host.name,
        hint: 'log in as somebody else first: set user: in hosts.yaml',
      });
    const needsSudo = vars.list.some(({ sudo, state }) => state === 'present' && sudo !== 'none');
    const distribution = distributionOf(facts);
    const tools = vars.list.length > 0 ? [...distribution.accountTools, ...(needsSudo ? ['sudo'] : [])] : [];
    return [
      ...(tools.length > 0 ? [step(packages({ names: tools }))] : []),
      ...vars.list.flatMap((one) => userSteps(one, distribution)),
    ];
  },
});

function userSteps({ name, state, groups, keys, sudo, shell, uid }: User, { loginShell }: Distribution): StepDraft[] {
  if (state === 'absent') return [sudoers(name, 'none'), step(user({ name, state }))];
  return [
    step(user({ name, groups, shell: shell ?? loginShell, ...(uid === undefined ? {} : { uid }) })),
    ...keys.map((key) => step(authorizedKey({ user: name, key }))),
    sudoers(name, sudo),
  ];
}

/** One drop-in a user; sudo ignores names with a dot, and a file with a mistake locks everybody out, so it is checked before the rename. */
function sudoers(name: string, sudo: User['sudo']): StepDraft {
  const path = `/etc/sudoers.d/picluster-${name}`;
  if (sudo === 'none') return step(file({ path, state: 'absent' }));
  const content = `# Written by picluster.\n${name} ALL=(ALL:ALL) ${sudo === 'nopasswd' ? 'NOPASSWD: ' : ''}ALL\n`;
  return step(file({ path, content, mode: 0o440, validate: rawScript('visudo -q -c -f "$candidate"') }));
}
