import { z } from 'zod';
import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import { changeOf, differences } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { openrc } from './openrc.ts';
import { presence } from './schemas.ts';
import type { ServiceManager } from './service-manager.ts';
import { forgetStamp } from './stamp.ts';
import { systemd } from './systemd.ts';

const fields = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9:_.@\\-]+$/, 'a unit name')
    .transform((name) => (/\.(?:service|socket|timer|path|mount|target|slice)$/.test(name) ? name : `${name}.service`))
    .describe('A unit; `.service` when it names no type. OpenRC knows services only, by their bare names.'),
  state: presence,
  enabled: z.boolean().optional().describe('Started at boot.'),
  running: z.boolean().optional().describe('Started now'),
  masked: z
    .boolean()
    .optional()
    .describe('Cannot be started by anything. Where there is no such thing (OpenRC): stopped and disabled.'),
  onChange: z
    .enum(['restart', 'reload'])
    .default('restart')
    .describe('What is done to a running service when its inputs changed.'),
  startTimeoutSeconds: z
    .int()
    .positive()
    .default(90)
    .describe('How long a start may take: long for units that say themselves when they are ready (Type=notify).'),
  inputs: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe('SHA-256 (hex) of what it is started with: put in by the engine, from `restartOn`.'),
});

const schema = fields
  .refine(({ state, enabled, running }) => state === 'present' || !(enabled || running), {
    error: 'a service that is absent is neither enabled nor running',
  })
  .transform((spec) => (spec.state === 'absent' ? { ...spec, enabled: false, running: false } : spec));

export type ServiceSpec = z.output<typeof schema>;

export interface ServiceState {
  /** systemd's LoadState: `loaded`, `not-found`, `masked`; empty when systemd did not answer. */
  load: string;
  active: string;
  /** systemd's UnitFileState: `enabled`, `disabled`, `static` ... */
  unitFile: string;
  needsReload: boolean;
  /** The inputs of its last start by us; empty: never, or forgotten. */
  stamp: string;
}

/** A service that dies within this time, or is started over and over, has not started. */
const STAY_UP_MS = 5_000;

const MANAGERS: Partial<Record<Facts['init'], ServiceManager>> = { systemd, openrc };

function managerOf(facts: Facts): ServiceManager {
  const manager = MANAGERS[facts.init];
  if (manager) return manager;
  throw new PiclusterError(`${facts.os.prettyName || facts.os.id}: its init system is not supported`, {
    host: facts.hostname,
    hint: 'picluster runs services with systemd and with OpenRC',
  });
}

export const service = defineKind({
  name: 'service',
  summary:
    'A service of systemd or OpenRC: enabled, running, masked; started anew when its inputs are not those of its last start.',
  absent: 'stopped, and not started at boot; its unit stays',
  schema,
  disturbs: true,
  isSensitive: true,
  id: (spec) => spec.name.replace(/\.service$/, ''),
  probe: (specs, facts) => managerOf(facts).probe(specs.map((spec) => spec.name)),

  parse: ([load = '', active = '', unitFile = '', needsReload = '', stamp = '']): ServiceState => ({
    load,
    active,
    unitFile,
    needsReload: needsReload === 'yes',
    stamp,
  }),

  diff(wanted, state, facts): Change | undefined {
    const spec = adapted(wanted, facts);
    const fields = stateDifferences(spec, state);
    if (!mustRestart(spec, state))
      return changeOf('update', fields, stops(spec, state) ? { destructive: 'stops what is running' } : {});
    return { ...restartChange(spec, state), fields: [...fields, ...restartChange(spec, state).fields] };
  },

  restart: (spec, state) => restartChange(spec, state),
  forget: (spec) => forgetStamp(spec.name),
  apply: (spec, _, facts) => ({
    script: managerOf(facts).apply(adapted(spec, facts)),
    timeoutMs: (spec.startTimeoutSeconds + 180) * 1000,
  }),
  watch: (wanted, facts) => {
    const spec = adapted(wanted, facts);
    return spec.running === true ? { afterMs: STAY_UP_MS, script: managerOf(facts).watch(spec) } : undefined;
  },
  fingerprint: (spec) => JSON.stringify([spec.enabled, spec.running, spec.masked, spec.inputs]),
});

/** The same wish without masks, for an init system that has none. */
function adapted(spec: ServiceSpec, facts: Facts): ServiceSpec {
  if (spec.masked === undefined || managerOf(facts).masks) return spec;
  const { masked, ...rest } = spec;
  return masked ? { ...rest, enabled: false, running: false } : rest;
}

const isRunning = (state: ServiceState): boolean => state.active === 'active' || state.active === 'reloading';

/** Units that cannot be enabled, or are by other means, count as enabled. */
const isEnabled = (state: ServiceState): boolean =>
  ['enabled', 'static', 'indirect', 'generated', 'alias', 'transient'].includes(state.unitFile);

const isDisabled = (state: ServiceState): boolean => !['enabled', 'enabled-runtime'].includes(state.unitFile);

function stateDifferences(spec: ServiceSpec, state: ServiceState) {
  if (spec.masked) {
    return differences({
      masked: [state.load === 'masked', true],
      running: [isRunning(state) ? 'running' : 'stopped', 'stopped'],
    });
  }
  const mayNotBeMasked = spec.masked === false || spec.enabled === true || spec.running === true;
  return differences({
    ...(mayNotBeMasked ? { masked: [state.load === 'masked', false] } : {}),
    ...(state.needsReload ? { 'unit files': ['changed on disk', 'loaded'] } : {}),
    ...(spec.enabled === true ? { enabled: [isEnabled(state) ? 'enabled' : state.unitFile || 'no such unit', 'enabled'] } : {}),
    ...(spec.enabled === false ? { enabled: [isDisabled(state) ? 'disabled' : state.unitFile, 'disabled'] } : {}),
    ...(spec.running === true ? { running: [isRunning(state) ? 'running' : stopped(state), 'running'] } : {}),
    ...(spec.running === false
      ? { running: [isRunning(state) || state.active === 'activating' ? 'running' : 'stopped', 'stopped'] }
      : {}),
  });
}

function stopped(state: ServiceState): string {
  if (state.load !== 'loaded') return state.load === 'masked' ? 'masked' : 'no such unit';
  return state.active === 'inactive' ? 'stopped' : state.active;
}

const stops = (spec: ServiceSpec, state: ServiceState): boolean =>
  (spec.masked === true || spec.running === false) && isRunning(state);

/** A service that has to be started anyway needs no restart. */
const mustRestart = (spec: ServiceSpec, state: ServiceState): boolean =>
  spec.running === true && isRunning(state) && spec.inputs !== undefined && spec.inputs !== state.stamp;

function restartChange(spec: ServiceSpec, state: ServiceState): Change {
  return {
    action: 'restart',
    fields: [{ field: 'inputs', before: state.stamp ? 'of the last start' : 'unknown', after: 'changed' }],
    ...(spec.onChange === 'reload' ? { note: 'reload only' } : {}),
  };
}
