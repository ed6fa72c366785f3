import { expect, it } from 'vitest';

it('the package gives roles of other people what they need, by its own name', async () => {
  const picluster = await import('picluster');
  expect(Object.keys(picluster)).toEqual(
    expect.arrayContaining([
      'defineRole',
      'defineKind',
      'defineAction',
      'step',
      'parallel',
      'file',
      'service',
      'packages',
      'sh',
      'Secret',
      'template',
    ]),
  );
});
