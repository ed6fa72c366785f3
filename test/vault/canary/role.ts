import { command, defineRole, file, secretText, sh, step, template } from 'picluster';
import { z } from 'zod';

const ofHost = template<object>(import.meta.url, 'canary.host');

/** A role for a test: its secrets go where they may, and its commands tell them to everybody, in every spelling a shell has at hand. */
export default defineRole({
  name: 'canary',
  namespace: 'canary',
  vars: z.strictObject({
    /** `!vault` */
    inline: secretText().optional(),
    /** `secretRef` */
    named: secretText().optional(),
    /** A command that tells its secret and fails. */
    fails: z.boolean().default(false),
    /** Mistakes of whoever writes roles. */
    throws: z.enum(['at once', 'later']).optional(),
  }),
  steps({ cluster, vars, templates }) {
    const password = cluster.secret('app.password');
    const complain = (): never => {
      throw new Error(`the password ${password.reveal()} is not to my liking`);
    };
    if (vars.throws === 'at once') complain();
    if (vars.throws === 'later') setTimeout(complain);
    const told = sh`
      cat >/run/canary
      cat /run/canary
      base64 -w 0 /run/canary; echo
      printf 'user:%s' "$(cat /run/canary)" | base64 -w 0; echo
      od -An -v -tx1 /run/canary | tr -d ' \n'; echo
      printf '%s\n' "cannot read $(cat /run/canary)" >&2
      rm /run/canary`;
    return [
      step(file({ path: '/etc/canary.conf', content: ['password = ', password, '\n'], mode: 0o600 })),
      step(file({ path: '/etc/canary.vars', content: [vars.inline ?? 'none', '\n', vars.named ?? 'none', '\n'], mode: 0o600 })),
      step(file({ path: '/etc/canary.host', content: ofHost({}, templates), mode: 0o600 })),
      step(file({ path: '/etc/canary.key', content: [cluster.secret('app.key')], mode: 0o600 })),
      step(
        command({
          title: 'tells its secret',
          run: sh`${told}; touch /etc/canary.told`,
          creates: '/etc/canary.told',
          stdin: [password],
        }),
      ),
      ...(vars.fails
        ? [step(command({ title: 'fails', run: sh`${told}; exit 3`, creates: '/etc/canary.never', stdin: [password] }))]
        : []),
    ];
  },
});
