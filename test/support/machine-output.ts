import type { Reporter, TestModule } from 'vitest/node';
import { errorLines } from '#src/render/events-to-text.ts';

/** What is left of a PiclusterError once Vitest has carried it from the worker. */
interface Carried {
  message?: string;
  code?: unknown;
  host?: unknown;
  step?: unknown;
  command?: unknown;
  output?: unknown;
  hint?: unknown;
  cause?: unknown;
}

/** Tells at the end of a run what the machines said of the tests that failed: Vitest itself prints message and stack only. */
export default class MachineOutput implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) => [
      ...told(module.relativeModuleId, module.errors()),
      ...[...module.children.allSuites()].flatMap((suite) => told(suite.fullName, suite.errors())),
      ...[...module.children.allTests()].flatMap((test) => told(test.fullName, test.result().errors ?? [])),
    ]);
    if (lines.length > 0) process.stderr.write(`\n${lines.join('\n')}\n\n`);
  }
}

/** Lines for errors that have more to say than their message, causes included. */
export function told(test: string, errors: readonly Carried[]): string[] {
  return errors.flatMap((error) => {
    const lines = [error, ...causesOf(error)].flatMap(moreOf);
    return lines.length > 0 ? [`What the machines said in: ${test}`, ...lines] : [];
  });
}

function causesOf({ cause }: Carried): Carried[] {
  return cause !== null && typeof cause === 'object' ? [cause, ...causesOf(cause)] : [];
}

function moreOf({ message = '', code, host, step, command, output, hint }: Carried): string[] {
  if (!isSaid(output) && !isSaid(hint) && !isSaid(command)) return [];
  const where = [host, step].filter(isSaid).join(', ');
  return errorLines(
    {
      code: String(code),
      message: isSaid(command) ? `${message}\n  ran: ${command}` : message,
      output: isSaid(output) ? output : undefined,
      hint: isSaid(hint) ? hint : undefined,
    },
    `${code}${where && ` (${where})`}`,
  );
}

const isSaid = (value: unknown): value is string => typeof value === 'string' && value !== '';
