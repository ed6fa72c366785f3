import { secondsOf } from '../duration.ts';
import type { K3sVars } from './vars.ts';

/** KubeletConfiguration, without what K3s itself passes by flag or drop-in. */
export function kubeletConfig({ kubelet }: K3sVars): Record<string, unknown> {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    shutdownGracePeriod: kubelet.shutdownGracePeriod,
    shutdownGracePeriodCriticalPods: kubelet.shutdownGracePeriodCriticalPods,
    ...kubelet.config,
  };
}

/** Seconds that logind has to wait for kubelet before the machine goes down; 0: no graceful shutdown is wanted. */
export function logindDelaySeconds({ kubelet }: K3sVars): { grace: number; delay: number } {
  const grace = secondsOf(kubelet.shutdownGracePeriod);
  return { grace, delay: grace === 0 ? 0 : grace + secondsOf(kubelet.logindMargin) };
}
