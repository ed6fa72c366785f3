import type { Facts } from '#src/facts/facts.ts';
import { directory } from '#src/resource/directory.ts';
import { file } from '#src/resource/file.ts';
import { service } from '#src/resource/service.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import type { OsVars } from './vars.ts';

const DIRECTORY = '/etc/systemd/journald.conf.d';

/** The journal stays small: SD cards are. busybox's syslogd, where there is no journal, keeps 400 KiB by itself. Source: journald.conf(5). */
export function journalSteps({ init }: Facts, { journal }: OsVars): StepDraft[] {
  if (init !== 'systemd') return [];
  const content = [
    '# Written by picluster; what is changed here by hand is changed back.',
    '[Journal]',
    `SystemMaxUse=${journal.systemMaxUse}`,
    `MaxRetentionSec=${journal.maxRetention}`,
    '',
  ].join('\n');
  const limits = step(file({ path: `${DIRECTORY}/90-picluster.conf`, content, mode: 0o644 }));
  return [
    step(directory({ path: DIRECTORY, mode: 0o755 })),
    limits,
    step(service({ name: 'systemd-journald', running: true }), { restartOn: [limits] }),
  ];
}
