import { LineCounter, parseDocument, type ScalarTag } from 'yaml';

/** A value that ansible-vault keeps encrypted; not read here. */
export class Encrypted {
  toString(): string {
    return '(encrypted with ansible-vault)';
  }
}

/** A YAML file of an Ansible project; `lineOf` counts from 1. */
export interface AnsibleFile {
  /** As people see it: relative to the project. */
  readonly file: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Why nothing of it could be used; undefined when all is well. */
  readonly problem: string | undefined;
  lineOf(key: string): number;
}

const VAULT_HEADER = '$ANSIBLE_VAULT;';

const vaultTag: ScalarTag = { tag: '!vault', resolve: () => new Encrypted() };
const unsafeTag: ScalarTag = { tag: '!unsafe', resolve: (text) => text };

/** Reads YAML as Ansible writes it: 1.1, with the tags `!vault` and `!unsafe`. Never throws for what is in the text. */
export function parseAnsibleYaml(file: string, text: string): AnsibleFile {
  const nothing = { file, data: {}, lineOf: () => 1 };
  if (text.startsWith(VAULT_HEADER))
    return { ...nothing, problem: 'is encrypted with ansible-vault as a whole: its values were not read' };
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    customTags: [vaultTag, unsafeTag],
  });
  const [error] = document.errors;
  if (error) return { ...nothing, problem: `line ${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}` };
  const data: unknown = document.toJS() ?? {};
  if (typeof data !== 'object' || Array.isArray(data)) return { ...nothing, problem: 'is not a map of variables' };
  return {
    file,
    data: data as Record<string, unknown>,
    problem: undefined,
    lineOf: (key) => {
      const offset = new RegExp(`^\\s*["']?${key.replaceAll(/[^\w-]/g, '\\$&')}["']?\\s*:`, 'm').exec(text)?.index ?? 0;
      return lines.linePos(offset + (text[offset] === '\n' ? 1 : 0)).line;
    },
  };
}
