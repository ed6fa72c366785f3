import { describe, expect, it } from 'vitest';
import { knownRoles } from '#src/app/known-roles.ts';
import { showMistake } from '#src/cluster/findings.ts';
import { loadCluster } from '#src/cluster/load.ts';
import { ConfigError } from '#src/errors.ts';
import { type Fixture, fixtures, unpacked } from './fixture.ts';

const all = await fixtures();
const known = await knownRoles(undefined);
const wrong = all.filter(({ name }) => name !== 'base');

/** Mistakes as people read them, or undefined when there are none. */
async function mistakesOf(fixture: Fixture): Promise<string[] | undefined> {
  return await unpacked(fixture, async (directory) => {
    const options = {
      directory,
      set: fixture.set,
      cwd: '/',
      env: {},
      ...known,
    };
    try {
      await loadCluster(options);
      return undefined;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.mistakes.map(showMistake);
    }
  });
}

/** Each is loaded once. */
const found = new Map(await Promise.all(all.map(async (fixture) => [fixture.name, await mistakesOf(fixture)] as const)));

describe('wrong inventories', () => {
  it('what they are made of is right', () => {
    expect(found.get('base')).toBeUndefined();
  });

  it.each(wrong)('$name', async ({ name }) => {
    const mistakes = found.get(name) ?? [];
    expect(mistakes).not.toEqual([]);
    await expect(`${mistakes.join('\n')}\n`).toMatchFileSnapshot(`${name}.golden.txt`);
    // Every secret of these files is called like this.
    expect(mistakes.join('\n')).not.toMatch(/correct-horse|12345678/);
  });

  it('there are enough of them, five with three or more mistakes over several files', () => {
    const spread = [...found.values()].filter(
      (mistakes = []) => mistakes.length >= 3 && new Set(mistakes.map((line) => line.split(':')[0])).size >= 2,
    );
    expect(wrong.length).toBeGreaterThanOrEqual(25);
    expect(spread.length).toBeGreaterThanOrEqual(5);
  });
});
