/** A role of the operator's own: what a Raspberry Pi's firmware reads, and the reboot that it takes to be read. */
export const FIRMWARE_ROLE = `
import { defineRole, directory, file, reboot, step } from 'picluster';
import { z } from 'zod';

export default defineRole({
  name: 'firmware',
  namespace: 'firmware',
  vars: z.strictObject({ flags: z.string().default('') }),
  steps: ({ host, facts, vars: { flags } }) => {
    if (!flags) return [];
    const cmdline = step(file({ path: '/boot/firmware/cmdline.txt', content: flags + '\\n', mode: 0o644 }), { name: 'cmdline' });
    return [
      step(directory({ path: '/boot/firmware', mode: 0o755 }), { name: 'directory' }),
      cmdline,
      step(reboot({ host: host.name }), { name: 'reboot', restartOn: [cmdline], ...(facts.k3s.version ? { pool: 'reboot' } : {}) }),
      step(file({ path: '/root/after', content: flags + '\\n', mode: 0o644 }), { name: 'after' }),
    ];
  },
});
`;
