import { expect, it } from 'vitest';
import type { Secret } from '#src/secrets/secret.ts';
import { TypedPassword } from './asked-password.ts';

/** Answers in order; counts the questions. */
function person(...answers: (string | undefined)[]): { ask(): Promise<string | undefined>; questions: () => number } {
  let asked = 0;
  return { ask: async () => answers[asked++], questions: () => asked };
}

/** A host that takes one password only: what it was given, in order, until it was content or there was no other. */
async function login(typed: TypedPassword, host: string, right: string): Promise<string[]> {
  const tried: Secret[] = [];
  for (;;) {
    const next = await typed.next(host, tried);
    if (next === undefined) return tried.map((secret) => secret.reveal());
    tried.push(next);
    if (next.reveal() === right) return tried.map((secret) => secret.reveal());
  }
}

it('asks once for many hosts at the same time', async () => {
  const { ask, questions } = person('open');
  const typed = new TypedPassword(ask);
  const hosts = Array.from({ length: 20 }, (_, n) => login(typed, `n${n}`, 'open'));
  expect(await Promise.all(hosts)).toEqual(Array.from({ length: 20 }, () => ['open']));
  expect(questions()).toBe(1);
});

it('asks once more when it was wrong, and for all hosts at once', async () => {
  const { ask, questions } = person('opne', 'open', 'never');
  const typed = new TypedPassword(ask);
  const hosts = ['n1', 'n2', 'n3'].map((host) => login(typed, host, 'open'));
  expect(await Promise.all(hosts)).toEqual([
    ['opne', 'open'],
    ['opne', 'open'],
    ['opne', 'open'],
  ]);
  expect(questions()).toBe(2);
  // Who comes later is spared the mistake; who comes again gets what it took.
  expect(await login(typed, 'n4', 'open')).toEqual(['open']);
  expect(await login(typed, 'n1', 'open')).toEqual(['open']);
});

it('gives up after two, and keeps what each host took', async () => {
  const { ask, questions } = person('one', 'two');
  const typed = new TypedPassword(ask);
  expect(await login(typed, 'n1', 'one')).toEqual(['one']);
  expect(await login(typed, 'n2', 'two')).toEqual(['one', 'two']);
  expect(await login(typed, 'n3', 'three')).toEqual(['two', 'one']);
  expect(await login(typed, 'n1', 'one')).toEqual(['one']);
  expect(questions()).toBe(2);
});

it('says how it could be known when nobody answers, and asks nobody again', async () => {
  const { ask, questions } = person(undefined);
  const typed = new TypedPassword(ask);
  for (const host of ['n1', 'n2']) {
    await expect(typed.next(host, [])).rejects.toMatchObject({
      exitCode: 77,
      host,
      hint: expect.stringMatching(/terminal.*passwordSecret/),
    });
  }
  expect(questions()).toBe(1);
});
