import { parse } from 'yaml';
import { UsageError } from '#src/errors.ts';
import type { Layer } from './layers.ts';

/** `--set k3s.disable=[traefik]` as a layer of variables; the value is YAML. Throws UsageError. */
export function setLayer(argument: string, index: number): Layer {
  const [, key = '', text = ''] = /^([^=]*)=(.*)$/s.exec(argument) ?? [];
  const path = key.split('.');
  if (key === '' || path.some((part) => part === '') || path.includes('__proto__'))
    throw new UsageError(`--set ${argument}: not of the form path=value`, {
      hint: 'for example: --set k3s.flannelBackend=host-gw',
    });
  const value = readValue(text, argument);
  const data = path.reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Record<string, unknown>;
  return { data, origin: { kind: 'set', argument, index, path: [] } };
}

function readValue(text: string, argument: string): unknown {
  try {
    return parse(text, { stringKeys: true, logLevel: 'error' }) ?? '';
  } catch {
    throw new UsageError(`--set ${argument.split('=')[0]}: the value is not valid YAML`, {
      hint: 'quote text: --set \'a.b="x: y"\'',
    });
  }
}
