import { command, defineRole, directory, file, packages, service, sh, step } from 'picluster';
import { z } from 'zod';

/** What chaos.lab.test.ts lets machines do: each generation changes everything, and each step takes long enough to be hit in its middle. */
const ROOT = '/var/lib/chaos';
const LINES = 4000;
const UNIT = `[Unit]
Description=Keeps what it was started with
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'sleep 0.7; cp ${ROOT}/conf ${ROOT}/started'
`;

export default defineRole({
  name: 'chaos',
  namespace: 'chaos',
  vars: z.strictObject({ generation: z.int().default(0) }),
  steps({ vars: { generation } }) {
    const content = `${`generation ${generation}\n`.repeat(LINES)}end ${generation}\n`;
    const conf = step(file({ path: `${ROOT}/conf`, content, validate: sh`sleep 0.8` }), { name: 'conf' });
    const once = `${ROOT}/once/${generation}`;
    return [
      step(directory({ path: `${ROOT}/once` })),
      conf,
      step(file({ path: `${ROOT}/small/conf`, content, validate: sh`sleep 0.5` }), { name: 'small' }),
      step(packages({ names: ['chaos-tool'], state: generation % 2 === 1 ? 'present' : 'absent' }), { name: 'package' }),
      step(
        command({
          title: `once ${generation}`,
          // What has ended well is marked by a directory: it can be made only once.
          run: sh`
            [ ! -e ${once} ] || echo ${generation} >>${ROOT}/twice
            echo ${generation} >>${ROOT}/begun
            sleep 1
            head -c 1000000 /dev/zero >${ROOT}/small/scratch
            rm ${ROOT}/small/scratch
            mkdir ${once} || echo ${generation} >>${ROOT}/twice`,
          creates: once,
        }),
        { name: 'once' },
      ),
      step(file({ path: '/etc/systemd/system/chaos.service', content: UNIT })),
      step(service({ name: 'chaos', running: true }), { name: 'service', restartOn: [conf] }),
    ];
  },
});
