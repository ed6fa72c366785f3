import type { KubeClient, KubeObject } from '#src/kube/client.ts';
import { conditionOf } from '#src/kube/objects.ts';
import { tableLines } from '#src/render/table.ts';
import { formatDuration } from '#src/render/units.ts';
import { lengthOf, type Part } from '#src/report/run-report.ts';

const KUSTOMIZATION = 'kustomize.toolkit.fluxcd.io/v1';
const SOURCE = 'source.toolkit.fluxcd.io/v1';

export interface SummaryOptions {
  kube: KubeClient;
  /** Phases, then roles. */
  parts: readonly Part[];
  /** Is there a hand-off to tell about. */
  hasGitOps: boolean;
  context: string;
  kubeconfig: string | undefined;
}

/** The table at the end of a bootstrap: nodes, what Flux runs, time per part, and the commands to go on with. */
export async function summary(options: SummaryOptions): Promise<string> {
  const { kube, parts, hasGitOps } = options;
  const blocks = [
    await nodeTable(kube),
    ...(hasGitOps ? [await fluxTable(kube)] : []),
    tableLines([['PART', 'TIME'], ...parts.map((part) => [part.name, formatDuration(lengthOf(part))])]),
  ];
  return `\n${[...blocks, nextCommands(options)].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

async function nodeTable(kube: KubeClient): Promise<string[]> {
  const nodes = await kube.list('v1', 'Node');
  const rows = nodes.map((node) => [
    node.metadata.name,
    conditionOf(node, 'Ready')?.status === 'True' ? 'Ready' : 'NotReady',
    rolesOf(node),
    versionOf(node),
    addressOf(node),
  ]);
  return tableLines([
    ['NODE', 'STATUS', 'ROLES', 'VERSION', 'ADDRESS'],
    ...rows.sort(([a = ''], [b = '']) => a.localeCompare(b)),
  ]);
}

function rolesOf(node: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  return (
    roles
      .map((label) => label.slice(prefix.length))
      .sort()
      .join(',') || '<none>'
  );
}

interface NodeStatus {
  nodeInfo?: { kubeletVersion?: string };
  addresses?: { type: string; address: string }[];
}

const statusOf = (node: KubeObject): NodeStatus => (node.status ?? {}) as NodeStatus;
const versionOf = (node: KubeObject): string => statusOf(node).nodeInfo?.kubeletVersion ?? '';
const addressOf = (node: KubeObject): string =>
  statusOf(node).addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';

async function fluxTable(kube: KubeClient): Promise<string[]> {
  const [sources, kustomizations] = await Promise.all([
    kube.list(SOURCE, 'GitRepository'),
    kube.list(KUSTOMIZATION, 'Kustomization'),
  ]);
  const rows = [...sources, ...kustomizations].map((object) => {
    const status = (object.status ?? {}) as { artifact?: { revision?: string }; lastAppliedRevision?: string };
    const revision = status.artifact?.revision ?? status.lastAppliedRevision ?? '';
    return [
      `${object.kind}/${object.metadata.name}`,
      conditionOf(object, 'Ready')?.status === 'True' ? 'Ready' : 'NotReady',
      revision,
    ];
  });
  return tableLines([['FLUX', 'STATUS', 'REVISION'], ...rows]);
}

function nextCommands({ context, kubeconfig }: SummaryOptions): string[] {
  const kubectl = `kubectl --${kubeconfig ? `kubeconfig ${kubeconfig}` : `context ${context}`}`;
  return ['Next:', `  ${kubectl} get nodes -o wide`, `  ${kubectl} get kustomizations -A`, '  picluster plan'];
}
