import { z } from 'zod';
import { directory } from '#src/resource/directory.ts';
import { file } from '#src/resource/file.ts';
import { packages } from '#src/resource/package.ts';
import { service } from '#src/resource/service.ts';
import { defineRole } from '#src/role/role.ts';
import { step } from '#src/role/step.ts';
import { template } from '#src/template/template.ts';
import { distributionOf } from '../distribution.ts';

const Name = z.string().regex(/^[\w.:-]+$/, 'a host name or an address');
const Network = z.string().regex(/^[\da-fA-F.:]+(?:\/\d+)?$/, 'an address or a network such as 10.0.0.0/24');

export const TimeVars = z.strictObject({
  servers: z.array(Name).default([]).describe('Time servers, asked one by one: the gateway of a home lab'),
  pools: z.array(Name).default(['pool.ntp.org']).describe('Pools of time servers; not used when there are servers'),
  allow: z.array(Network).default([]).describe('Networks whose machines may ask this one'),
  localStratum: z.int().min(1).max(15).optional().describe('Keep serving the own time when no source answers'),
});

export type TimeVars = z.infer<typeof TimeVars>;

const chronyConf = template(import.meta.url, 'chrony.conf.hbs');
const CONFIG = '/etc/chrony/chrony.conf';

/** The clock is right: chrony asks servers or a pool. Debian's package takes systemd-timesyncd's place by itself. */
export default defineRole({
  name: 'time',
  namespace: 'time',
  vars: TimeVars,
  templates: ['chrony.conf.hbs'],
  steps({ facts, vars, templates }) {
    const pools = vars.servers.length > 0 ? [] : vars.pools;
    const config = step(
      file({
        path: CONFIG,
        content: chronyConf({ ...vars, pools, localStratum: vars.localStratum ?? 0 }, templates),
        mode: 0o644,
      }),
    );
    return [
      step(packages({ names: ['chrony'] })),
      step(directory({ path: '/etc/chrony', mode: 0o755 })),
      config,
      step(service({ name: distributionOf(facts).services.chrony, enabled: true, running: true }), { restartOn: [config] }),
    ];
  },
});
