import { type ZodType, z } from 'zod';
import { releasesOf } from '#src/release/release.ts';
import { VersionsFile } from '#src/release/schema.ts';
import type { YamlSource } from '#src/yaml/source.ts';
import { checkExtensions } from './check-extensions.ts';
import { checkGitops } from './check-gitops.ts';
import { checkKubernetes } from './check-kubernetes.ts';
import { checkLiterals } from './check-literals.ts';
import { checkNames } from './check-names.ts';
import { checkNetwork } from './check-network.ts';
import { checkSecretLayers, refsIn, resolveRefs, SecretUses } from './check-secrets.ts';
import { checkTemplateSecrets } from './check-template-secrets.ts';
import { checkTemplates, type RoleTemplates } from './check-templates.ts';
import { type Draft, draftOf, groupNames } from './draft.ts';
import { Findings, fileOrigin, locate } from './findings.ts';
import { allLayers, layersOf, sshLayers, type VarLayers, varLayers } from './host-layers.ts';
import { checkJumps, type Reach } from './jumps.ts';
import { isMap, type Layer, mergeLayers, originAt, type Tree } from './layers.ts';
import type { ClusterFiles } from './read.ts';
import { CLUSTER_KEYS, clusterFile, HOST_KEYS, hostsFile, varsFile } from './schema.ts';
import { secretsOfHost } from './secret-layers.ts';
import { suggestion } from './suggest.ts';
import type { HostSettings } from './target.ts';

/** Schemas of roles' variables, by namespace. */
export type Namespaces = Readonly<Record<string, ZodType>>;

export interface Validated {
  readonly draft: Draft;
  readonly findings: Findings;
  /** Merged variables by host, and what the schemas make of them; incomplete when there are mistakes. */
  readonly vars: ReadonlyMap<string, { tree: Tree; parsed: Record<string, unknown> }>;
  readonly reach: Reach;
}

/** Everything that can be wrong with the files, all at once. Pure. */
export function validate(
  files: ClusterFiles,
  set: readonly Layer[],
  namespaces: Namespaces,
  roleNames: readonly string[],
  templates: RoleTemplates = {},
): Validated {
  const findings = new Findings();
  for (const mistake of [...files.mistakes, ...files.secrets.mistakes]) findings.add(mistake);
  checkSecretLayers(files.secrets, findings);
  const loose = Object.fromEntries(Object.keys(namespaces).map((name) => [name, z.unknown()]));
  const isNamespace = (key: string): boolean => key in namespaces;

  const clusterTree = clusterTreeOf(files.cluster, set, isNamespace);
  const cluster =
    files.cluster.data === undefined ? undefined : findings.parse(clusterFile(loose), clusterTree, fileOrigin(files.cluster));
  for (const file of [...files.groupVars.values(), ...files.hostVars.values()]) checkFile(file, varsFile(loose), findings);
  checkFile(files.hosts, hostsFile(loose), findings);
  const versions = files.versions.flatMap((file) => checkFile(file, VersionsFile, findings) ?? []);
  for (const file of files.versions.slice(1)) checkReleaseVars(file, namespaces, findings);
  checkSet(set, namespaces, findings);

  const draft = draftOf(files, clusterTree, cluster, releasesOf(versions));
  // Files of unknown groups and hosts are looked at too: a wrong name does not make their content right.
  const groups = [...new Set([...groupNames(draft), ...files.groupVars.keys()])];
  const hosts = [...new Set([...draft.hostNames, ...files.hostVars.keys()])];
  const layers = varLayers(files, draft.release, groups, hosts, set, isNamespace);
  checkLayers(layers, namespaces, findings);
  const uses = new SecretUses();
  const vars = parseVars(draft, layers, namespaces, findings, uses);
  const reach = parseReach(draft, set, findings, uses);
  checkTemplateSecrets(draft, uses, findings);
  uses.tell(files.secrets.cluster.name, findings);
  checkNames(draft, roleNames, findings);
  checkJumps(draft, reach, findings);
  checkNetwork(draft, findings);
  checkKubernetes(draft, new Map([...vars].map(([host, { tree }]) => [host, tree])), roleNames, findings);
  checkGitops(draft, findings);
  checkExtensions(draft, roleNames, findings);
  checkTemplates(files, templates, findings);
  return { draft, findings, vars, reach };
}

function checkFile<T>(source: YamlSource, schema: ZodType<T>, findings: Findings): T | undefined {
  if (source.data === undefined) return undefined;
  const origin = fileOrigin(source);
  if (isMap(source.data)) return findings.parse(schema, mergeLayers([{ data: source.data, origin }]), origin);
  findings.at(origin, 'must be a map: lines of key: value');
  return undefined;
}

/** cluster.yaml without variables of roles, the command line's settings merged in. */
function clusterTreeOf(source: YamlSource, set: readonly Layer[], isNamespace: (key: string) => boolean): Tree {
  const own = isMap(source.data) ? source.data : {};
  const core = (data: Readonly<Record<string, unknown>>, isSet: boolean) =>
    Object.fromEntries(Object.entries(data).filter(([key]) => (isSet ? key in CLUSTER_KEYS : !isNamespace(key))));
  return mergeLayers([
    { data: core(own, false), origin: fileOrigin(source) },
    ...set.map(({ data, origin }) => ({ data: core(data, true), origin })).filter(({ data }) => Object.keys(data).length > 0),
  ]);
}

/** Namespaces of variables in a release file of the cluster's own; picluster's may know roles that this caller does not. */
function checkReleaseVars(source: YamlSource, namespaces: Namespaces, findings: Findings): void {
  const releases = isMap(source.data) && isMap(source.data.releases) ? source.data.releases : {};
  for (const [release, entry] of Object.entries(releases))
    for (const key of Object.keys(isMap(entry) && isMap(entry.vars) ? entry.vars : {}))
      if (!(key in namespaces))
        findings.atKey(
          fileOrigin(source, 'releases', release, 'vars', key),
          `unknown key "${key}"${suggestion(key, Object.keys(namespaces))}`,
        );
}

function checkSet(set: readonly Layer[], namespaces: Namespaces, findings: Findings): void {
  const known = [...Object.keys(namespaces), ...Object.keys(CLUSTER_KEYS)];
  for (const { data, origin } of set)
    for (const key of Object.keys(data))
      if (!known.includes(key) && origin.kind === 'set')
        findings.at({ ...origin, path: [key] }, `unknown key "${key}"${suggestion(key, known)}`);
}

function checkLayers(layers: VarLayers, namespaces: Namespaces, findings: Findings): void {
  const all = allLayers(layers);
  for (const layer of all) {
    const schemas = Object.keys(layer.data).map((name): [string, ZodType] => [name, namespaces[name] ?? z.unknown()]);
    findings.checkLayer(z.object(Object.fromEntries(schemas)), layer);
  }
  checkLiterals(all, findings);
}

const NOTHING: Tree = { branches: new Map(), origin: { kind: 'default', what: 'default' } };

function parseVars(draft: Draft, layers: VarLayers, namespaces: Namespaces, findings: Findings, uses: SecretUses) {
  const result = new Map<string, { tree: Tree; parsed: Record<string, unknown> }>();
  for (const host of draft.hostNames) {
    const tree = mergeLayers(layersOf(host, draft.membership, layers));
    const secrets = secretsOfHost(host, draft.membership, draft.files.secrets);
    for (const { ref, origin } of refsIn(tree)) uses.add(locate(origin, ''), ref.label, host, secrets);
    const parsed: Record<string, unknown> = {};
    const fallback = fileOrigin(draft.files.hosts, 'hosts', host);
    for (const [name, schema] of Object.entries(namespaces)) {
      const part = 'branches' in tree ? tree.branches.get(name) : undefined;
      // In a map of its own, so that paths begin with the namespace.
      const under: Tree = { branches: new Map([[name, part ?? NOTHING]]), origin: NOTHING.origin };
      parsed[name] = (findings.parse(z.object({ [name]: schema }), under, fallback) as Record<string, unknown> | undefined)?.[
        name
      ];
    }
    result.set(host, { tree, parsed: resolveRefs(parsed, secrets) });
  }
  return result;
}

function parseReach(draft: Draft, set: readonly Layer[], findings: Findings, uses: SecretUses) {
  const schema = z.object(HOST_KEYS);
  const result = new Map<string, { tree: Tree; parsed: HostSettings | undefined }>();
  for (const host of draft.hostNames) {
    if (!draft.soundHosts.has(host)) continue;
    const tree = mergeLayers(sshLayers(host, draft.membership, draft.files, set, Object.keys(HOST_KEYS)));
    const parsed = findings.parse(schema, tree, fileOrigin(draft.files.hosts, 'hosts', host));
    const secrets = secretsOfHost(host, draft.membership, draft.files.secrets);
    for (const { ref, origin } of refsIn(tree)) uses.add(locate(origin, ''), ref.label, host, secrets);
    result.set(host, { tree, parsed: resolveRefs(parsed, secrets) });
    const become = parsed?.become;
    if (typeof become === 'object' && become.password !== undefined && become.passwordSecret !== undefined)
      findings.at(
        originAt(tree, ['become', 'password']),
        'the password is either asked for or one of the secrets (passwordSecret), not both',
      );
    const secret = typeof become === 'object' ? become.passwordSecret : undefined;
    if (secret !== undefined) uses.add(locate(originAt(tree, ['become', 'passwordSecret']), ''), secret, host, secrets);
  }
  return result;
}
