import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
const STATE_ROOT = '/var/lib/picluster-lab';

/** Six hex digits that tell the labs of one machine apart: two checkouts, or two named labs of one checkout. */
export function labId(checkout: string, name = ''): string {
  const hash = createHash('sha256').update(checkout);
  if (name !== '') hash.update(`\0${name}`);
  return hash.digest('hex').slice(0, 6);
}

export interface LabOptions {
  /** Root of the checkout; default: the one this file lies in. */
  checkout?: string;
  /** A second lab of the same checkout, for tests that destroy: lower-case letters and digits. */
  name?: string;
  /** Where machines' disks live. */
  stateRoot?: string;
}

/** Who a lab is: everything it leaves on the machine carries its id. Holds no state and touches nothing. */
export class Lab {
  readonly id: string;
  readonly name: string;
  readonly checkout: string;
  readonly stateRoot: string;

  constructor(options: LabOptions = {}) {
    this.name = options.name ?? '';
    if (!/^[a-z0-9]{0,16}$/.test(this.name))
      throw new TypeError(`a lab's name has up to 16 letters and digits, not "${this.name}"`);
    this.checkout = realpathSync(options.checkout ?? CHECKOUT);
    this.stateRoot = options.stateRoot ?? STATE_ROOT;
    this.id = labId(this.checkout, this.name);
  }

  /** What `iptables` rules, cgroups and lock messages are marked with. */
  get mark(): string {
    return `picluster-lab-${this.id}`;
  }

  /** Network interfaces have at most 15 characters. */
  get bridge(): string {
    return `pcl${this.id}`;
  }

  machine(node: string): string {
    return `${this.bridge}-${node}`;
  }

  cgroup(node: string): string {
    return `${this.mark}-${node}`;
  }

  /** Disks, snapshots, git repository: outside the checkout, on the machine's own file system. */
  get stateDir(): string {
    return join(this.stateRoot, this.id);
  }

  nodeDir(node: string): string {
    return join(this.stateDir, 'nodes', node);
  }

  /** Keys, secrets and the cluster directory: in the checkout, git-ignored, 0700. */
  get localDir(): string {
    return join(this.checkout, this.name === '' ? '.lab' : `.lab-${this.name}`);
  }

  local(...parts: string[]): string {
    return join(this.localDir, ...parts);
  }
}
