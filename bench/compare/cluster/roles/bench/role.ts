import { defineRole, directory, file, packages, parallel, service, step, symlink, sysctl, template, user } from 'picluster';
import { z } from 'zod';

const app = template<{ generation: string }>(import.meta.url, 'app.conf.hbs');
const plain = (name: string) => template<object>(import.meta.url, name)({});

/** The 24 resources that every tool of the comparison makes (packages are one call of apt, as in the others). */
export default defineRole({
  name: 'bench',
  namespace: 'bench',
  vars: z.strictObject({ generation: z.coerce.string().default('0') }),
  steps({ vars }) {
    const conf = (name: string) => step(file({ path: `/opt/bench/conf/${name}`, content: plain(name), mode: 0o640 }));
    const unit = (name: string) =>
      step(file({ path: `/etc/systemd/system/${name}`, content: plain('unit.service'), mode: 0o644 }));
    const account = (name: string) =>
      user({ name, shell: '/usr/sbin/nologin', home: `/opt/bench/data/${name}`, system: true, comment: 'bench' });
    return [
      step(packages({ names: ['pv', 'time', 'tree'] })),
      parallel([step(account('benchone')), step(account('benchtwo'))]),
      step(directory({ path: '/opt/bench', mode: 0o755 })),
      step(directory({ path: '/opt/bench/conf', mode: 0o750 })),
      step(directory({ path: '/opt/bench/data', mode: 0o700 })),
      step(directory({ path: '/opt/bench/log', mode: 0o755, owner: 'benchone', group: 'benchone' })),
      step(file({ path: '/opt/bench/conf/app.conf', content: app(vars), mode: 0o640 })),
      ...['one.conf', 'two.conf', 'three.conf'].map(conf),
      step(file({ path: '/etc/profile.d/bench.sh', content: plain('profile.sh'), mode: 0o644 })),
      unit('bench-one.service'),
      unit('bench-two.service'),
      step(symlink({ path: '/opt/bench/current', target: '/opt/bench/data' })),
      step(symlink({ path: '/opt/bench/conf/active.conf', target: 'app.conf' })),
      step(sysctl({ key: 'net.ipv4.tcp_keepalive_time', value: '600' })),
      step(sysctl({ key: 'net.ipv4.tcp_fin_timeout', value: '30' })),
      step(sysctl({ key: 'net.ipv4.ip_local_port_range', value: '20000 60000' })),
      step(sysctl({ key: 'net.core.somaxconn', value: '2048' })),
      parallel(['bench-one', 'bench-two'].map((name) => step(service({ name, enabled: true, running: true })))),
    ];
  },
});
