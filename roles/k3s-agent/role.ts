import { service } from '#src/resource/service.ts';
import { defineRole } from '#src/role/role.ts';
import { step, stepRef, tagged } from '#src/role/step.ts';
import { secondsOf } from '../duration.ts';
import { nodeReady } from '../k3s/actions/node-ready.ts';
import { agentConfig, registrationConfig } from '../k3s/config.ts';
import { inhibitorStep, logindSteps } from '../k3s/graceful-shutdown.ts';
import { nodeSteps } from '../k3s/node-object-steps.ts';
import { binarySteps, configFile, directories, imageSteps, kubeletFile, registriesFile, tokenFile } from '../k3s/node-steps.ts';
import { paths } from '../k3s/paths.ts';
import { logRotation, SERVICE_TEMPLATES, serviceFile, unitName } from '../k3s/service-file.ts';
import { initServer, K3sVars, k3sVarsOf } from '../k3s/vars.ts';

const GIBIBYTE = 2 ** 30;

/** A node without control plane. All agents at once, as soon as the API answers. */
export default defineRole({
  name: 'k3s-agent',
  namespace: 'k3s',
  usesSecrets: true,
  vars: K3sVars,
  preflight: {
    ports: () => [{ port: 10250, ours: ['k3s', 'k3s-agent'] }],
    diskBytes: 2 * GIBIBYTE,
    memoryCgroup: true,
  },
  templates: SERVICE_TEMPLATES,
  steps({ host, facts, vars, cluster, templates }) {
    const init = initServer(cluster);
    const { binary, links } = binarySteps(cluster, facts);
    const token = tokenFile(paths.token, cluster, cluster.hasSecret('k3s.agentToken') ? 'k3s.agentToken' : 'k3s.token');
    const kubelet = kubeletFile(vars);
    const config = configFile(paths.config, agentConfig(host, vars, cluster));
    const registries = [registriesFile(vars) ?? []].flat();
    const unitFile = serviceFile('agent', facts, vars, templates);
    return [
      ...directories(),
      ...tagged('shutdown', logindSteps(facts, vars)),
      binary,
      ...links,
      ...imageSteps(vars, cluster, facts),
      token,
      kubelet,
      config,
      configFile(paths.registration, registrationConfig(vars)),
      ...registries,
      ...logRotation('agent', facts),
      unitFile,
      step(
        service({
          name: unitName('agent'),
          enabled: true,
          running: true,
          startTimeoutSeconds: secondsOf(vars.timeouts.start),
        }),
        {
          name: 'started',
          restartOn: [binary, token, kubelet, config, ...registries, unitFile],
          after: [stepRef('k3s-server', 'api-ready', init.name)],
        },
      ),
      step(
        nodeReady({
          node: host.name,
          unit: unitName('agent'),
          version: cluster.version('k3s'),
          mustBeReady: k3sVarsOf(init).flannelBackend !== 'none',
          timeoutSeconds: secondsOf(vars.timeouts.nodeReady),
        }),
      ),
      ...tagged('shutdown', inhibitorStep(facts, vars, unitName('agent'))),
      ...nodeSteps(host.name, vars, facts),
    ];
  },
});
