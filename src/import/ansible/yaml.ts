import { LineCounter, parseDocument, type ScalarTag } from 'yaml';

/** A value that ansible-vault keeps encrypted. Never part of a text, and never written to a plain file. */
export class Encrypted {
  /** In clear, when its passphrase was given. */
  readonly #value: string | undefined;

  constructor(value?: string) {
    this.#value = value;
  }

  reveal(): string | undefined {
    return this.#value;
  }

  toString(): string {
    return '(encrypted with ansible-vault)';
  }
}

/** Opens what ansible-vault encrypted; throws PermissionError when its passphrase is another one. */
export type OpenVault = (file: string, armor: string) => string;

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

const unsafeTag: ScalarTag = { tag: '!unsafe', resolve: (text) => text };
const vaultTag = (file: string, open: OpenVault | undefined): ScalarTag => ({
  tag: '!vault',
  resolve: (text) => new Encrypted(open?.(file, text)),
});

/** Reads YAML as Ansible writes it: 1.1, with the tags `!vault` and `!unsafe`. Never throws for what is in the text; for a wrong passphrase `open` does. */
export function parseAnsibleYaml(file: string, text: string, open?: OpenVault): AnsibleFile {
  const nothing = { file, data: {}, lineOf: () => 1 };
  if (text.startsWith(VAULT_HEADER)) {
    if (open === undefined)
      return {
        ...nothing,
        problem: 'is encrypted with ansible-vault as a whole: its values were not read (--ask-vault-password)',
      };
    const inner = parseAnsibleYaml(file, open(file, text));
    return {
      ...nothing,
      data: sealed(inner.data) as Record<string, unknown>,
      problem: inner.problem && 'holds no YAML that can be read',
    };
  }
  const lines = new LineCounter();
  const customTags = [vaultTag(file, open), unsafeTag];
  const document = parseDocument(text, { version: '1.1', lineCounter: lines, prettyErrors: false, customTags });
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

/** Every value of a file that was encrypted as a whole. */
function sealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sealed);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sealed(item)]));
  return new Encrypted(String(value));
}
