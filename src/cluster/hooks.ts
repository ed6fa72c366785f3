import { z } from 'zod';

const Where = z.string().min(1).describe('bootstrap, apply, upgrade (of a node), a role, or ROLE/STEP (globs: k3s-*/service:*)');

/** An entry of `hooks:` in cluster.yaml. */
const Hook = z
  .strictObject({
    before: Where.optional(),
    after: Where.optional(),
    run: z.string().min(1).describe('Text for sh; on this machine it runs in the cluster directory'),
    on: z.enum(['control', 'host']).default('control').describe('This machine, or the host whose role or step it is'),
    hosts: z.string().min(1).optional().describe('Only for these hosts, as --limit takes them'),
    timeout: z.int().min(1).max(3600).default(60).describe('Seconds'),
    failure: z
      .enum(['stop', 'warn'])
      .default('stop')
      .describe('stop: what it stands before is not done, what comes after it on the host is not reached'),
  })
  .refine(({ before, after }) => (before === undefined) !== (after === undefined), 'needs either before or after');

export const Hooks = z
  .array(Hook)
  .default([])
  .describe('Commands around bootstrap, apply, the upgrade of a node, roles and steps; JSON on their standard input');
export type HookSetting = z.infer<typeof Hook>;

/** Commands of picluster that hooks may stand around; everything else is a role or a step. */
export const HOOKED_COMMANDS = ['bootstrap', 'apply'] as const;

/** The upgrade of a node: from right before its K3s is replaced until the role that did it has ended there. */
export const UPGRADE = 'upgrade';
