import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { suggestion } from '#src/cluster/suggest.ts';
import { ConfigError, type Mistake, UsageError } from '#src/errors.ts';
import { pathExists } from '#src/path-exists.ts';
import { parseSecrets, readSecretsFile } from '#src/secrets/file.ts';
import { parseYaml } from '#src/yaml/source.ts';
import { askSecret } from '../ask-secret.ts';
import { passphraseFrom } from '../unlock.ts';

export interface AnswerFlags {
  /** --answers: a file, or - for standard input. */
  answers?: string;
  /** --answers-fd */
  answersFd?: string;
}

/**
 * The values that only a person has: from the file or descriptor named, what is missing there from the terminal. All of them, or an error that names
 * those that are missing. `questions`: by path, `known`: paths that an answer may be for, whether it is asked for now or not.
 */
export async function answersTo(
  questions: ReadonlyMap<string, string>,
  known: readonly string[],
  flags: AnswerFlags,
): Promise<Map<string, string>> {
  const given = await givenAnswers(known, flags);
  const answers = new Map<string, string>();
  const missing: string[] = [];
  for (const [path, question] of questions) {
    const value = given?.get(path) ?? (await askSecret(`${question} (${path}): `));
    if (value === undefined) missing.push(path);
    else answers.set(path, value);
  }
  if (missing.length === 0) return answers;
  const hint = 'in a terminal they are asked for; else: --answers FILE (YAML, mode 0600), --answers - or --answers-fd N';
  const message = `nobody gave ${missing.join(', ')}; nothing was written`;
  throw given ? new ConfigError(message, [], { hint }) : new UsageError(message, { hint });
}

async function givenAnswers(
  known: readonly string[],
  { answers, answersFd }: AnswerFlags,
): Promise<Map<string, string> | undefined> {
  if (answers !== undefined && answersFd !== undefined) throw new UsageError('either --answers or --answers-fd, not both');
  if (answersFd !== undefined) return checked('the answers', await passphraseFrom(answersFd), known);
  if (answers === '-') return checked('the answers', await readAll(process.stdin), known);
  if (answers === undefined) return undefined;
  if (!(await pathExists(answers))) throw new UsageError(`there is no file ${answers}`);
  const { mistakes } = await readSecretsFile(answers, answers);
  if (mistakes.length > 0) throw unusable(mistakes);
  return checked(answers, await readFile(answers, 'utf8'), known);
}

function checked(file: string, text: string, known: readonly string[]): Map<string, string> {
  const { store, mistakes } = parseSecrets(file, text);
  const source = parseYaml(file, text, { isSecret: true });
  const unknown = store
    .paths()
    .filter((path) => !known.includes(path))
    .map(
      (path): Mistake => ({
        ...source.keyPlace(path.split('.')),
        path,
        message: `nothing asks for it${suggestion(path, known)}`,
      }),
    );
  if (mistakes.length + unknown.length > 0) throw unusable([...mistakes, ...unknown]);
  return new Map(store.paths().map((path) => [path, store.get(path)?.reveal() ?? '']));
}

const unusable = (mistakes: readonly Mistake[]): ConfigError =>
  new ConfigError('these answers cannot be used; nothing was written', mistakes);
