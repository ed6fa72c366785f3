import { rawScript, type Script } from '#src/shell/script.ts';

/** A package as it is asked for, `name` or `name=version`, to its status; empty: not there. */
export type PackageStates = Readonly<Record<string, string>>;

/** What a distribution's package manager must be able to do for us. */
export interface PackageManager {
  /** A record per list: a field per name, `NAME STATUS`; status `installed`, `config-files`, the version that is there instead of the wanted one, another of its own, or empty. */
  probe(lists: readonly (readonly string[])[]): Script;
  /** Waits for the manager's lock with a bound, then installs without asking. */
  install(names: readonly string[], options: { recommends: boolean }): Script;
  remove(names: readonly string[], options: { purge: boolean }): Script;
}

/** Names without the versions that are asked for, each once. */
export const bareNames = (lists: readonly (readonly string[])[]): string[] => [
  ...new Set(lists.flat().map((name) => name.replace(/=.*/, ''))),
];

/** End of an awk program that has `lists[1..n]`, the packages asked for, and `status(wanted)`: a record for each list. */
export const STATUS_RECORDS = rawScript(String.raw`END {
          for (i = 1; i <= n; i++) {
            count = split(lists[i], names, " ")
            for (j = 1; j <= count; j++) printf "%s %s\037", names[j], status(names[j])
            printf "\036"
          }
        }`);
