/** Identities in the manifest (test/support/manifest.sh) that a planned step accounts for, by the step's title: `file /etc/hosts`, `service k3s`. */
export function accountedFor(title: string): string[] {
  const [kind = '', ...rest] = title.split(' ');
  const id = rest.join(' ');
  switch (kind) {
    case 'file':
    case 'directory':
    case 'symlink':
    case 'download':
    case 'line':
      return [`file ${id}`];
    case 'hosts-entries':
      return [`file ${id}`];
    case 'service':
      // Enabling links the unit into its target; a restart leaves a stamp.
      return [
        `unit ${id}.service`,
        `unit-file ${id}.service`,
        `file /etc/systemd/system/multi-user.target.wants/${id}.service`,
        `stamp /var/lib/picluster/stamps/${id}.service`,
        'file /var/lib/picluster/sums',
        'file /var/lib/picluster',
        ...broughtUp(id),
      ];
    case 'sysctl':
      return [`sysctl ${id}`, 'file /etc/sysctl.d/90-picluster.conf'];
    case 'module':
      return ['file /etc/modules-load.d/picluster.conf'];
    case 'locale':
      return ['file /etc/default/locale', 'file /etc/locale.conf'];
    case 'timezone':
      return ['file /etc/localtime', 'file /etc/timezone'];
    case 'package':
      return id.split(/[ ,]+/).map((name) => `package ${name}`);
    default:
      return [];
  }
}

/** Units that a unit of ours wants, and that were idle before. */
const broughtUp = (service: string): string[] => (service.startsWith('k3s') ? ['unit systemd-networkd-wait-online.service'] : []);
