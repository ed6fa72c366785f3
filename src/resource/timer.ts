import { z } from 'zod';
import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { changeOf, deletion, differences } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { oneLine, presence } from './schemas.ts';
import { serviceUnit, timerUnit } from './timer-units.ts';
import { unifiedDiff } from './unified-diff.ts';
import { accountName } from './user.ts';

const DIRECTORY = '/etc/systemd/system';

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9:_-]*$/, 'a name for units, without .timer')
      .describe('Of both units, NAME.timer and NAME.service'),
    state: presence,
    calendar: z
      .union([oneLine.min(1).transform((when) => [when]), z.array(oneLine.min(1)).min(1)])
      .optional()
      .transform((calendar) => calendar ?? [])
      .describe('When it runs, as in OnCalendar: `daily`, `Mon *-*-* 04:00`; or several of these'),
    command: oneLine.min(1).optional().describe('For `/bin/sh`'),
    user: accountName.default('root').describe('As whom it runs'),
    persistent: z.boolean().default(true).describe('Make up for a run that was missed while the machine was off'),
    randomizedDelaySeconds: z.int().min(0).default(0).describe('Begin at random within so many seconds'),
    env: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/, 'the name of a variable'), oneLine)
      .default({})
      .describe('Variables of the command'),
    description: oneLine.min(1).optional().describe('Default: the name'),
  })
  .refine((spec) => spec.state === 'absent' || (spec.calendar.length > 0 && spec.command !== undefined), {
    error: 'a timer needs a calendar and a command',
  });

export type TimerSpec = z.output<typeof schema>;

interface State {
  /** Texts of the units in /etc/systemd/system, without the last newline; empty: not there. */
  timer: string;
  service: string;
  /** `MODE:UID:GID` of both. */
  modes: string;
  isActive: boolean;
  isEnabled: boolean;
  needsReload: boolean;
  /** A unit of that name which is the distribution's; empty: none. */
  foreign: string;
}

export const timer = defineKind({
  name: 'timer',
  summary: 'A command that systemd runs by the calendar: a timer and its service, enabled and running.',
  absent: 'stopped, disabled, both units removed, and what systemd remembered of it',
  schema,
  id: (spec) => spec.name,

  probe: (specs, facts) => {
    requireSystemd(facts);
    return joinScripts([rawScript(TIMER_STATE), ...specs.map(({ name }) => sh`timer_state ${name}`)]);
  },
  parse: ([timerText = '', service = '', modes = '', active, enabled, reload, foreign = '']): State => ({
    timer: timerText,
    service,
    modes,
    isActive: active === 'active',
    isEnabled: enabled === 'enabled',
    needsReload: reload === 'yes',
    foreign,
  }),

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') return absence(spec, state);
    const isThere = state.timer !== '' || state.service !== '';
    const units = [
      ...(state.timer === timerUnit(spec) ? [] : [{ field: 'timer', after: spec.calendar.join(', ') }]),
      ...(state.service === serviceUnit(spec) ? [] : [{ field: 'service', after: spec.command }]),
    ];
    const rest = differences({
      ...(isThere ? { modes: [state.modes, '644:0:0 644:0:0'] } : {}),
      ...(state.needsReload ? { 'unit files': ['changed on disk', 'loaded'] } : {}),
      enabled: [state.isEnabled, true],
      running: [state.isActive, true],
    });
    return changeOf(isThere ? 'update' : 'create', [...units, ...rest], {
      ...(units.length > 0 ? { diff: diffOf(spec, state, timerUnit(spec), serviceUnit(spec)) } : {}),
      ...(state.foreign ? { note: `${state.foreign} is the distribution's: will be refused` } : {}),
    });
  },

  apply: (spec) => ({ script: spec.state === 'absent' ? removal(spec) : installation(spec) }),
  fingerprint: (spec) => (spec.state === 'absent' ? 'absent' : `${timerUnit(spec)}\n${serviceUnit(spec)}`),
});

function requireSystemd(facts: Facts): void {
  if (facts.init === 'systemd') return;
  throw new PiclusterError(`a timer needs systemd, and ${facts.os.prettyName || facts.os.id} runs ${facts.init}`, {
    host: facts.hostname,
    hint: 'use the kind cron there',
  });
}

function absence(spec: TimerSpec, state: State): Change | undefined {
  const isOurs = state.timer !== '' || state.service !== '';
  if (!isOurs && (state.foreign !== '' || !state.isActive)) return undefined;
  return deletion('timer', { destructive: 'its units are lost', diff: diffOf(spec, state, '', '') });
}

const diffOf = ({ name }: TimerSpec, state: State, timerText: string, service: string): string => {
  const ended = (text: string): string => (text === '' ? '' : `${text}\n`);
  return (
    unifiedDiff(ended(state.timer), ended(timerText), `${DIRECTORY}/${name}.timer`) +
    unifiedDiff(ended(state.service), ended(service), `${DIRECTORY}/${name}.service`)
  );
};

/** Both units are checked before either is written. The service first: a timer without one does not start. */
const installation = (spec: TimerSpec): Script => sh`
  name=${spec.name} user=${spec.user}
  for unit in "$name.timer" "$name.service"; do
    at=$(systemctl show -p FragmentPath --value -- "$unit")
    case $at in '' | ${rawScript(DIRECTORY)}/*) ;; *) echo "$at is the distribution's: choose another name" >&2; exit 1 ;; esac
  done
  id "$user" >/dev/null 2>&1 || { echo "there is no user $user" >&2; exit 1; }
  for when in ${spec.calendar}; do
    said=$(systemd-analyze calendar "$when" 2>&1) || { echo "$said" >&2; exit 1; }
  done
  printf '%s\n' ${serviceUnit(spec)} | place ${DIRECTORY}/"$name.service" 644 root root
  printf '%s\n' ${timerUnit(spec)} | place ${DIRECTORY}/"$name.timer" 644 root root
  systemctl daemon-reload
  systemctl enable --quiet "$name.timer"
  systemctl restart "$name.timer"
  if ! systemctl is-active --quiet "$name.timer"; then
    journalctl -u "$name.timer" -n 20 --no-pager -o short-iso >&2 || true
    exit 1
  fi`;

/** Also when it was left half-done: what systemd does not know any more needs no stop. */
const removal = ({ name }: TimerSpec): Script => sh`
  name=${name}
  systemctl disable --now --quiet "$name.timer" 2>/dev/null || systemctl stop "$name.timer" 2>/dev/null || true
  systemctl stop "$name.service" 2>/dev/null || true
  rm -f ${DIRECTORY}/"$name.timer" ${DIRECTORY}/"$name.service" ${DIRECTORY}/timers.target.wants/"$name.timer"
  rm -f /var/lib/systemd/timers/stamp-"$name.timer"
  systemctl daemon-reload
  systemctl reset-failed "$name.timer" "$name.service" 2>/dev/null || true`;

const TIMER_STATE = String.raw`
timer_state() {
  set -- "${DIRECTORY}/$1.timer" "${DIRECTORY}/$1.service" "$1"
  printf '%s\037' "$(cat "$1" 2>/dev/null | tr -d '\036\037')" "$(cat "$2" 2>/dev/null | tr -d '\036\037')"
  printf '%s\037' "$(stat -c '%a:%u:%g' "$1" "$2" 2>/dev/null | tr '\n' ' ' | sed 's/ $//')"
  systemctl show -p ActiveState -p UnitFileState -p NeedDaemonReload -p FragmentPath -- "$3.timer" "$3.service" 2>/dev/null | awk '
    /^$/ { unit++; next }
    { at = index($0, "="); name = substr($0, 1, at - 1); value[unit + 0, name] = substr($0, at + 1) }
    function foreign(path) { return path == "" || index(path, "${DIRECTORY}/") == 1 ? "" : path }
    END {
      reload = value[0, "NeedDaemonReload"] == "yes" || value[1, "NeedDaemonReload"] == "yes" ? "yes" : "no"
      elsewhere = foreign(value[0, "FragmentPath"]); if (elsewhere == "") elsewhere = foreign(value[1, "FragmentPath"])
      printf "%s\037%s\037%s\037%s\037\036", value[0, "ActiveState"], value[0, "UnitFileState"], reload, elsewhere
    }'
}`;
