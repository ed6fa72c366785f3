import { defineRole, directory, file, packages, parallel, step, symlink, user } from 'picluster';
import { z } from 'zod';

const text = (name: string): string =>
  `${`# ${name}: a file of the usual length, that nobody reads`.padEnd(79, '.')}\n`.repeat(12);

/** 24 resources a block that are right on the machine of the bench itself: 16 files, 4 directories, 2 links, a user, packages. */
export default defineRole({
  name: 'scale',
  namespace: 'scale',
  vars: z.strictObject({ root: z.string().default('/nonexistent'), blocks: z.coerce.number().default(1) }),
  steps({ vars: { root, blocks } }) {
    return Array.from({ length: blocks }, (_, block) => {
      const names = (count: number, word: string): string[] =>
        Array.from({ length: count }, (_, n) => `${root}/${block}-${word}${n}`);
      return [
        step(packages({ names: [['bash', 'coreutils', 'tar', 'sed'][block % 4] ?? 'bash'] })),
        step(user({ name: ['root', 'daemon', 'bin', 'sys'][block % 4] ?? 'root' })),
        ...names(4, 'directory').map((path) => step(directory({ path, mode: 0o755 }))),
        parallel(names(16, 'file').map((path) => step(file({ path, content: text(path), mode: 0o644 })))),
        ...names(2, 'link').map((path) => step(symlink({ path, target: root }))),
      ];
    }).flat();
  },
});
