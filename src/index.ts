/** What roles outside of this package may use: the kinds, steps and actions, templates, and the types around them. */
export type { Cluster, Host } from './cluster/cluster.ts';
export type { Facts } from './facts/facts.ts';
export * from './resource/index.ts';
export {
  type Apply,
  type ArtifactSource,
  type Change,
  defineKind,
  type FieldChange,
  type Kind,
  type Resource,
} from './resource/kind.ts';
export { type Action, type ActionContext, defineAction } from './role/action.ts';
export { defineRole, type Role, type RoleInput, type WantedPort } from './role/role.ts';
export {
  type ParallelDrafts,
  parallel,
  type StepDraft,
  type StepList,
  type StepRef,
  step,
  stepRef,
  tagged,
} from './role/step.ts';
export { Secret } from './secrets/secret.ts';
export { secretText } from './secrets/secret-text.ts';
export { joinScripts, type Script, sh } from './shell/script.ts';
export type { Content } from './template/content.ts';
export { template } from './template/template.ts';
export { yamlContent } from './template/yaml.ts';
