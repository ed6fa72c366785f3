import { expect, it } from 'vitest';
import { stdioFor } from '../bin/descriptors.js';

const isOpen = (fd: number): boolean => fd !== 9;

it.each<[readonly string[], Record<string, string>, (number | 'ignore')[]]>([
  [['plan'], {}, [0, 1, 2]],
  [['vault', 'list', '--passphrase-fd', '3'], {}, [0, 1, 2, 3]],
  [['vault', 'list', '--passphrase-fd=4'], {}, [0, 1, 2, 'ignore', 4]],
  [['plan'], { PICLUSTER_VAULT_PASSPHRASE_FD: '5', OTHER_FD: '7' }, [0, 1, 2, 'ignore', 'ignore', 5]],
  [['vault', 'generate', '--answers-fd', '3', '--passphrase-fd', '4'], {}, [0, 1, 2, 3, 4]],
  [['vault', 'list', '--passphrase-fd', 'x'], {}, [0, 1, 2]],
  [['vault', 'list', '--passphrase-fd'], {}, [0, 1, 2]],
  [['vault', 'list', '--passphrase-fd', '3'], { PICLUSTER_X_FD: '9' }, [0, 1, 2, 3, ...Array(6).fill('ignore')]],
])('%j with %j hands on %j', (args, env, stdio) => {
  expect(stdioFor(args, env, isOpen)).toEqual(stdio);
});
