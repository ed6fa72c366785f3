/** The lab for its command line and for tests: `await up(new Lab({ name: 'chaos' }), { nodes: ['n1'] })`. */
export { findCgroups, findLeader, processesIn } from './cgroups.ts';
export { becomeOf, type ClusterOptions, writeClusterDirectory } from './cluster.ts';
export { installDependencies, installPrograms } from './dependencies.ts';
export { type DownOptions, down } from './down.ts';
export { Lab, type LabOptions } from './identity.ts';
export { type LogOptions, logs } from './logs.ts';
export { newerGnupg } from './newer-gnupg.ts';
export { inNode, type PowerOptions, powerCut, powerOff, powerOn, reboot, waitForSsh } from './power.ts';
export { deleteSnapshot, restore, type SnapshotInfo, snapshot, snapshots } from './snapshot.ts';
export { type SshOptions, type SshResult, ssh } from './ssh.ts';
export { type LabState, type NodeState, readState, requireState } from './state.ts';
export { type LabStatus, type NodeStatus, status } from './status.ts';
export { type UpOptions, up } from './up.ts';
