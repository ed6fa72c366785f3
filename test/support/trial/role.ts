import { command, defineRole, directory, download, file, packages, service, sh, step } from 'picluster';
import { z } from 'zod';

/** A role for tests: its steps are its variables, in this order. */
export default defineRole({
  name: 'trial',
  namespace: 'trial',
  vars: z.strictObject({
    directories: z.array(z.string()).default([]),
    packages: z.array(z.string()).default([]),
    lockSeconds: z.int().optional(),
    files: z.array(z.strictObject({ path: z.string(), text: z.string(), times: z.int().default(1) })).default([]),
    downloads: z.array(z.strictObject({ path: z.string(), urls: z.array(z.string()), sha256: z.string() })).default([]),
    /** `run` is a shell program. */
    commands: z.array(z.strictObject({ title: z.string(), run: z.string(), creates: z.string() })).default([]),
    services: z.array(z.string()).default([]),
  }),
  steps({ vars }) {
    return [
      ...vars.directories.map((path) => step(directory({ path }))),
      ...(vars.packages.length > 0 ? [step(packages({ names: vars.packages, lockSeconds: vars.lockSeconds }))] : []),
      ...vars.files.map(({ path, text, times }) => step(file({ path, content: text.repeat(times) }))),
      ...vars.downloads.map(({ path, urls, sha256 }) => step(download({ path, source: { urls, sha256, name: 'tool' } }))),
      ...vars.commands.map(({ title, run, creates }) => step(command({ title, run: sh`sh -eu -c ${run}`, creates }))),
      ...vars.services.map((name) => step(service({ name, running: true }))),
    ];
  },
});
