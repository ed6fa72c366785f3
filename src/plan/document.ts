import { z } from 'zod';
import { ChangeSchema } from '#src/engine/event-schema.ts';

export const PLAN_VERSION = 1;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const names = z.array(z.string());

/** What a run was asked to look at; empty lists mean everything. */
export const SelectionSchema = z
  .strictObject({
    limit: z.string().optional().describe('the pattern of --limit'),
    roles: names,
    steps: names,
    tags: names,
  })
  .describe('what the plan was restricted to; empty lists and no limit mean everything');

const HostSchema = z
  .strictObject({
    reached: z.boolean().describe('false: it could not be asked, so nothing of it is in the plan'),
    facts: z.record(z.string(), z.string()).describe('what it said about itself, as far as that stays: `k3s.version`'),
    factsDigest: digest.optional().describe('SHA-256 over these facts'),
  })
  .describe('a host that was chosen');

const StepSchema = z
  .strictObject({
    step: z.string().describe('role/step@host'),
    host: z.string(),
    title: z.string(),
    desired: digest.describe('HMAC-SHA-256 over what the step is to bring about and what it waits for'),
    observed: digest.describe('HMAC-SHA-256 over what was found'),
    change: ChangeSchema.optional().describe('what apply may do there; nothing without it'),
  })
  .describe('one step of the chosen hosts, in the order of the run');

export const PlanDocumentSchema = z.strictObject({
  version: z.literal(PLAN_VERSION),
  madeAt: z.iso.datetime().describe('when, in UTC'),
  picluster: z.string().describe('version of the tool that made it'),
  cluster: z.string(),
  release: z.string(),
  selection: SelectionSchema,
  set: names.describe('values of --set'),
  inventory: z
    .strictObject({ digest, files: z.record(z.string(), digest).describe('SHA-256 of each file that was read') })
    .describe('the cluster directory, without its secrets'),
  secrets: z
    .strictObject({ names, digest: digest.describe('HMAC-SHA-256 whose key is made of the secrets: tells that one has changed') })
    .describe('which secrets there were; never their values'),
  hosts: z.record(z.string(), HostSchema),
  steps: z.array(StepSchema),
});

/** A plan as it is kept: what would be done, and everything it was decided from, as digests. Holds no secret. */
export type PlanDocument = z.output<typeof PlanDocumentSchema>;
export type PlannedHost = z.output<typeof HostSchema>;
export type DocumentStep = z.output<typeof StepSchema>;
export type Selection = Readonly<z.output<typeof SelectionSchema>>;

/** JSON Schema (draft 2020-12) of a kept plan. */
export const planJsonSchema = (): unknown => ({
  ...z.toJSONSchema(PlanDocumentSchema, { io: 'input' }),
  title: `picluster: plan, version ${PLAN_VERSION}`,
});
