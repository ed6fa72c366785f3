/** A file as it was before it was read: size, time of change, time of change of its entry; milliseconds. */
export type SourceState = [size: number, mtimeMs: number, ctimeMs: number];

/** `dist/bundle.json`: written last, when the folder is whole. */
export interface BundleStamp {
  /** In dist/, named by its content. */
  readonly folder: string;
  /** The files of the checkout that it was made from, by path. Of packages: npm's list of what is installed. */
  readonly sources: Readonly<Record<string, SourceState>>;
}

export function stateOf(root: string, path: string): SourceState | undefined;
export function findBundle(root: string): { main?: string; isWorthMaking: boolean };
export function makeBundleAside(root: string): void;
