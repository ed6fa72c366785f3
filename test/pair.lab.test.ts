import { afterAll, beforeAll, describe } from 'vitest';
import { fluxTests } from './pair/flux.ts';
import { gracefulShutdownTests } from './pair/graceful-shutdown.ts';
import { Pair } from './support/pair.ts';

/** What needs a cluster of a server and an agent: it is bootstrapped once. */
const pair = new Pair('pair');
beforeAll(() => pair.bootstrap());
afterAll(() => pair.erase());

describe('Flux', () => fluxTests(pair));
describe('a graceful shutdown', () => gracefulShutdownTests(pair));
