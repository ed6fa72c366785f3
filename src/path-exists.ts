import { access } from 'node:fs/promises';

/** Whether something is at the path, and may be seen. */
export const pathExists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
