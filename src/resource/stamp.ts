import { type Script, sh } from '#src/shell/script.ts';

const DIRECTORY = '/var/lib/picluster/stamps';

/** Holds the digest of what the service was last started with; root-only, as the digest may cover secrets. */
export const stampPath = (service: string): string => `${DIRECTORY}/${service.replaceAll('/', '-')}`;

/** Says with which inputs and as which process it was started, from its start until it has stayed up; gone after a reboot. */
export const startNotePath = (service: string): string => `/run/picluster-started.${service.replaceAll('/', '-')}`;

/** Makes the next run restart the service: put before a change of one of its inputs, so that a killed run loses no restart. */
export const forgetStamp = (service: string): Script => sh`rm -f ${stampPath(service)} ${startNotePath(service)}`;

export const writeStamp = (service: string, inputs: string): Script => sh`
  (umask 077; mkdir -p ${DIRECTORY})
  printf '%s\n' ${inputs} | place ${stampPath(service)} 600 root root`;
