import type { ZodType } from 'zod';
import type { Facts } from '#src/facts/facts.ts';
import type { Script } from '#src/shell/script.ts';
import type { Content } from '#src/template/content.ts';

export interface FieldChange {
  field: string;
  /** As people read it; secrets are masked before they get here. Undefined: it is not there. */
  before?: string | undefined;
  after?: string | undefined;
}

/** The difference between desired and observed. `restart` and `run` are changes without a lasting field. */
export interface Change {
  action: 'create' | 'update' | 'delete' | 'restart' | 'run';
  fields: readonly FieldChange[];
  /** Unified diff for files, filled in from `detail`. */
  diff?: string | undefined;
  /** What is lost, in a few words: marked in the plan, counted, and confirmed by typing the cluster's name. */
  destructive?: string | undefined;
  /** Ref of an earlier planned step that may make this one right by itself: whether it is done is known after that. Set by the planner. */
  knownAfter?: string | undefined;
  note?: string | undefined;
}

/** A file that has to be on the node before the script runs. */
export interface Upload {
  source: ArtifactSource;
  path: string;
  mode: number;
}

/** Something that can be fetched by whoever has a way out, and is known by its checksum. */
export interface ArtifactSource {
  /** In the order they are tried: mirrors first. */
  urls: readonly string[];
  sha256: string;
  /** Base name, for messages and the cache. */
  name: string;
}

export interface Apply {
  /** Runs as root under `set -eu`; standard input is `stdin`, else /dev/null. Non-zero exit fails the step. */
  script: Script;
  stdin?: Content | undefined;
  uploads?: readonly Upload[] | undefined;
  /** When `script` ends with exit status 90 ("no way out from here"): these are pushed from the control machine, then this runs. */
  fallback?: { uploads: readonly Upload[]; script: Script } | undefined;
  /** Default 5 minutes. */
  timeoutMs?: number | undefined;
}

/** A look at what an apply has started, a while later: a service that dies after two seconds has not started. */
export interface Watch {
  /** Counted from the end of the apply. */
  readonly afterMs: number;
  /** Runs as an apply does: status 0 when it has stayed up, 92 when nothing is known of a start, else what the machine says of it. */
  readonly script: Script;
}

/** Exit status of a watch that knows of no start: the machine was rebooted, or it was looked at already. */
export const NO_START_KNOWN = 92;

/** Exit status by which an apply script says that the node cannot fetch an artifact itself. */
export const NO_WAY_OUT = 90;

/**
 * One kind of host state. All functions are pure: the engine owns every effect.
 * In the probe, `record FIELD...` (a function of the shell prelude) prints one record; see src/resource/prelude.sh.
 */
export interface Kind<Spec, State> {
  readonly name: string;
  /** What it is, for people: the reference of kinds is made of it, and of the descriptions in the schema. */
  readonly summary: string;
  /** What `state: absent` does; undefined: it has no meaning for this kind. */
  readonly absent?: string | undefined;
  readonly schema: ZodType<Spec>;
  /** Its apply may change what other kinds observe (packages, services, commands): later steps are probed again. */
  readonly disturbs: boolean;
  /** What it observes may be changed by any step before it (commands, services): looked at again once one of them changed something. */
  readonly isSensitive: boolean;
  /** Something that brings others may make it (directories, users, links): what is to be created may be there by then. */
  readonly comesWithOthers: boolean;
  /** It may make things that it does not name: a package its directories and users, a user its home. */
  readonly bringsOthers: boolean;
  /** Applying it takes the machine away and brings it back: the engine does it by itself, and asks the machine anew afterwards. */
  readonly reboots?: boolean;
  /** Identity on a host: `/etc/hosts`, `chrony`. Two steps with the same kind and id must not differ. */
  id(spec: Spec): string;
  /** Prints exactly one record per spec, in order, and changes nothing. Runs as root under dash, bash and busybox sh, without `set -e`. */
  probe(specs: readonly Spec[], facts: Facts): Script;
  parse(record: readonly string[]): State;
  diff(spec: Spec, state: State, facts: Facts): Change | undefined;
  /** Old content for people, asked for changed specs only; one record per spec: its one field is the old text. */
  detail?(specs: readonly Spec[]): Script;
  /** The unified diff made of the old text; never called for content with secrets. */
  explain?(spec: Spec, oldText: string): string;
  /** Brings one spec from `state` to desired. Safe to run twice, safe to be killed half-way (write aside, then rename). */
  apply(spec: Spec, state: State, facts: Facts): Apply;
  /** Its step is done only once this was asked and said yes; steps that do not need it go on meanwhile. Undefined: nothing is started. */
  watch?(spec: Spec, facts: Facts): Watch | undefined;
  /** What a service that depends on this must be restarted for: text that changes exactly when the desired state does. May hold digests of secrets. */
  fingerprint(spec: Spec): string;
  /** What a service still has to do when the steps it is to be restarted for change: called only for kinds that restart. */
  restart?(spec: Spec, state: State): Change;
  /** Makes every later run restart it: put before the apply of a step that it is to be restarted for, so that a killed run loses no restart. */
  forget?(spec: Spec): Script;
}

/** A wanted piece of host state: a kind and its spec, validated. Made by the kinds' own functions: `file({...})`. */
export interface Resource<Spec = unknown, State = unknown> {
  readonly type: 'resource';
  readonly kind: Kind<Spec, State>;
  readonly spec: Spec;
}

/** Gives a kind its constructor: `const sysctl = defineKind({...})`, then `sysctl({key, value})`. A spec that does not fit throws ZodError (a role's bug). */
export function defineKind<Input, Spec, State>(
  definition: Omit<Kind<Spec, State>, 'summary' | 'schema' | 'disturbs' | 'isSensitive' | 'comesWithOthers' | 'bringsOthers'> & {
    /** Required of the kinds of picluster itself. */
    summary?: string;
    schema: ZodType<Spec, Input>;
    disturbs?: boolean;
    isSensitive?: boolean;
    comesWithOthers?: boolean;
    bringsOthers?: boolean;
  },
): ((input: Input) => Resource<Spec, State>) & { kind: Kind<Spec, State> } {
  const kind: Kind<Spec, State> = {
    summary: '',
    disturbs: false,
    isSensitive: false,
    comesWithOthers: false,
    bringsOthers: false,
    ...definition,
  };
  const make = (input: Input): Resource<Spec, State> => ({ type: 'resource', kind, spec: definition.schema.parse(input) });
  return Object.assign(make, { kind });
}
