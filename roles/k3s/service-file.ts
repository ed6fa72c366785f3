import type { Facts } from '#src/facts/facts.ts';
import { directory } from '#src/resource/directory.ts';
import { file } from '#src/resource/file.ts';
import { packages } from '#src/resource/package.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { type TemplateOverrides, template } from '#src/template/template.ts';
import { logindDelaySeconds } from './kubelet.ts';
import { paths } from './paths.ts';
import type { K3sVars } from './vars.ts';

export type Command = 'server' | 'agent';

export const unitName = (command: Command): string => (command === 'server' ? 'k3s' : 'k3s-agent');

/** Where it writes when there is no journal. */
export const logFile = (unit: string): string => `/var/log/${unit}.log`;

interface ServiceFile {
  path(unit: string): string;
  mode: number;
  render: ReturnType<typeof template<object>>;
  note?: string;
}

const SYSTEMD: ServiceFile = {
  path: (unit) => `/etc/systemd/system/${unit}.service`,
  mode: 0o644,
  render: template(import.meta.url, 'k3s.service.hbs'),
};

const OPENRC: ServiceFile = {
  path: (unit) => `/etc/init.d/${unit}`,
  mode: 0o755,
  render: template(import.meta.url, 'k3s.openrc.hbs'),
  note: 'no logind here: at a shutdown all containers get SIGTERM and the grace period, without priorities; drain the node first',
};

const fileOf = ({ init }: Facts): ServiceFile => (init === 'openrc' ? OPENRC : SYSTEMD);

/** Names of the templates, for roles: a cluster directory may replace them. */
export const SERVICE_TEMPLATES = ['k3s.service.hbs', 'k3s.openrc.hbs'];

/** What the init system of this host starts K3s with. */
export function serviceFile(command: Command, facts: Facts, vars: K3sVars, templates: TemplateOverrides): StepDraft {
  const unit = unitName(command);
  const { path, mode, render, note } = fileOf(facts);
  const { grace: graceSeconds } = logindDelaySeconds(vars);
  const content = render({ command, unit, binary: paths.binary, logFile: logFile(unit), graceSeconds }, templates);
  return step(file({ path: path(unit), content, mode }), note && graceSeconds > 0 ? { note } : {});
}

/** A log file that nobody turns over fills the disk; the journal bounds itself. supervise-daemon keeps it open, hence copytruncate. */
export function logRotation(command: Command, { init }: Facts): StepDraft[] {
  if (init !== 'openrc') return [];
  const unit = unitName(command);
  const content = `# Written by picluster.\n${logFile(unit)} {\n  size 20M\n  rotate 3\n  compress\n  missingok\n  notifempty\n  copytruncate\n}\n`;
  return [
    step(packages({ names: ['logrotate'] })),
    step(directory({ path: '/etc/logrotate.d', mode: 0o755 })),
    step(file({ path: `/etc/logrotate.d/${unit}`, content, mode: 0o644 })),
  ];
}
