import type { ZodType } from 'zod';
import type { Role } from '#src/role/role.ts';
import k3sAgent from './k3s-agent/role.ts';
import k3sServer from './k3s-server/role.ts';
import os from './os/role.ts';
import time from './time/role.ts';
import users from './users/role.ts';

/** Every role that comes with picluster. Variables differ from role to role; whoever holds the list parses them first. */
export const roles: readonly Role[] = [os, time, users, k3sServer, k3sAgent].map((role) => role as Role);

/** The schema of each namespace; roles that share one share its schema. */
export const roleSchemas = (): Record<string, ZodType> =>
  Object.fromEntries(roles.map(({ namespace, vars }) => [namespace, vars]));
