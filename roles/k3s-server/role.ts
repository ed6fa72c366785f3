import { service } from '#src/resource/service.ts';
import { defineRole } from '#src/role/role.ts';
import { type StepDraft, step, stepRef, tagged } from '#src/role/step.ts';
import { secondsOf } from '../duration.ts';
import { apiReady } from '../k3s/actions/api-ready.ts';
import { noOtherCluster } from '../k3s/actions/no-other-cluster.ts';
import { nodeReady } from '../k3s/actions/node-ready.ts';
import { datastoreConfig, registrationConfig, serverConfig } from '../k3s/config.ts';
import { inhibitorStep, logindSteps } from '../k3s/graceful-shutdown.ts';
import { nodeSteps } from '../k3s/node-object-steps.ts';
import { binarySteps, configFile, directories, imageSteps, kubeletFile, registriesFile, tokenFile } from '../k3s/node-steps.ts';
import { paths } from '../k3s/paths.ts';
import { logRotation, SERVICE_TEMPLATES, serviceFile, unitName } from '../k3s/service-file.ts';
import { initServer, K3sVars } from '../k3s/vars.ts';

/** etcd takes one new member at a time, and loses quorum when two restart at once. */
const POOL = 'etcd-membership';
const GIBIBYTE = 2 ** 30;

/** A server: control plane, etcd member, and node. */
export default defineRole({
  name: 'k3s-server',
  namespace: 'k3s',
  usesSecrets: true,
  vars: K3sVars,
  preflight: {
    ports: () => [6443, 2379, 2380, 10250].map((port) => ({ port, ours: ['k3s', 'k3s-server'] })),
    diskBytes: 2 * GIBIBYTE,
    memoryCgroup: true,
  },
  templates: SERVICE_TEMPLATES,
  steps({ host, facts, vars, cluster, templates }) {
    const init = initServer(cluster);
    const isInit = host.name === init.name;
    const others = cluster.hostsWithRole('k3s-server').filter(({ name }) => name !== host.name);
    const { binary, links } = binarySteps(cluster, facts);
    const token = tokenFile(paths.token, cluster, 'k3s.token');
    const agentToken = cluster.hasSecret('k3s.agentToken') ? [tokenFile(paths.agentToken, cluster, 'k3s.agentToken')] : [];
    const kubelet = kubeletFile(vars);
    const config = configFile(paths.config, serverConfig(host, vars, cluster));
    const registries = [registriesFile(vars) ?? []].flat();
    const unitFile = serviceFile('server', facts, vars, templates);
    return [
      ...(isInit && !facts.k3s.etcd && others.length > 0 ? [step(noOtherCluster(others))] : []),
      ...directories(),
      ...tagged('shutdown', logindSteps(facts, vars)),
      binary,
      ...links,
      ...imageSteps(vars, cluster, facts),
      token,
      ...agentToken,
      kubelet,
      config,
      ...(facts.k3s.etcd ? [] : [configFile(paths.datastore, datastoreConfig(host, vars, cluster))]),
      configFile(paths.registration, registrationConfig(vars)),
      ...registries,
      ...logRotation('server', facts),
      unitFile,
      started({
        restartOn: [binary, token, ...agentToken, kubelet, config, ...registries, unitFile],
        after: isInit ? [] : [stepRef('k3s-server', 'api-ready', init.name)],
        timeout: vars.timeouts.start,
      }),
      step(apiReady(secondsOf(vars.timeouts.apiReady)), { pool: POOL }),
      step(
        nodeReady({
          node: host.name,
          unit: unitName('server'),
          version: cluster.version('k3s'),
          mustBeReady: vars.flannelBackend !== 'none',
          timeoutSeconds: secondsOf(vars.timeouts.nodeReady),
        }),
        { pool: POOL },
      ),
      ...tagged('shutdown', inhibitorStep(facts, vars, unitName('server'), { pool: POOL })),
      ...nodeSteps(host.name, vars, facts),
    ];
  },
});

const started = (options: { restartOn: StepDraft[]; after: string[]; timeout: string }): StepDraft =>
  step(service({ name: unitName('server'), enabled: true, running: true, startTimeoutSeconds: secondsOf(options.timeout) }), {
    name: 'started',
    pool: POOL,
    restartOn: options.restartOn,
    after: options.after,
  });
