import { z } from 'zod';
import { joinScripts, sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { defineKind } from './kind.ts';
import { absolutePath, presence } from './schemas.ts';

/** Source: modules-load.d(5). */
const FILE = '/etc/modules-load.d/picluster.conf';

/** What is there once a module works: some built-in ones have no entry in /sys/module, and no modules.builtin names them. */
const EFFECTS: Readonly<Record<string, string>> = {
  br_netfilter: '/proc/sys/net/bridge/bridge-nf-call-iptables',
  nf_conntrack: '/proc/sys/net/netfilter/nf_conntrack_max',
  ip_vs: '/proc/net/ip_vs',
  ip_tables: '/proc/net/ip_tables_names',
  tun: '/dev/net/tun',
  fuse: '/dev/fuse',
  iscsi_tcp: '/sys/class/iscsi_transport/tcp',
};

const schema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w-]+$/, 'the name of a kernel module')
    .describe('As modprobe(8) takes it'),
  state: presence,
  effect: absolutePath.optional().describe('Something that is there once the module works, also when it is built in.'),
});

interface State {
  isLoaded: boolean;
  isSaved: boolean;
}

export const module = defineKind({
  name: 'module',
  summary: 'A kernel module: loaded or built in, and loaded at boot.',
  absent: 'not loaded at boot any more; it stays loaded until the next start',
  schema,
  disturbs: true,
  id: (spec) => underscored(spec.name),

  probe: (specs) =>
    joinScripts([
      sh`
      builtin=/lib/modules/$(uname -r)/modules.builtin
      module_state() {
        loaded=no
        if [ -d "/sys/module/$1" ] || [ -n "$2" ] && [ -e "$2" ]; then loaded=yes
        elif [ -r /proc/filesystems ] && grep -q "	$1\$" /proc/filesystems; then loaded=yes
        elif [ -r "$builtin" ] && tr - _ <"$builtin" | grep -q "/$1\.ko"; then loaded=yes
        fi
        record "$loaded" "$(keyed_line ${FILE} "$1")"
      }`,
      ...specs.map(({ name, effect }) => sh`module_state ${underscored(name)} ${effect ?? EFFECTS[underscored(name)] ?? ''}`),
    ]),
  parse: ([loaded, saved]): State => ({ isLoaded: loaded === 'yes', isSaved: saved !== '' }),

  diff: (spec, state) =>
    spec.state === 'absent'
      ? changeOf('delete', differences({ 'at boot': [state.isSaved, false] }), { note: 'it stays loaded until the next start' })
      : changeOf('update', differences({ loaded: [state.isLoaded, true], 'at boot': [state.isSaved, true] })),

  apply({ name, state: wanted }, state) {
    const saved = underscored(name);
    if (wanted === 'absent') return { script: sh`set_keyed_line ${FILE} ${saved}` };
    const load = sh`
      if ! command -v modprobe >/dev/null 2>&1; then
        echo ${`the kernel module ${saved} is neither loaded nor built in, and there is no modprobe (package kmod)`} >&2
        exit 1
      fi
      modprobe -- ${saved}`;
    return { script: joinScripts([sh`set_keyed_line ${FILE} ${saved} ${saved}`, ...(state.isLoaded ? [] : [load])]) };
  },

  fingerprint: (spec) => spec.state,
});

const underscored = (name: string): string => name.replaceAll('-', '_');
