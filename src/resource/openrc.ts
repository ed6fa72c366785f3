import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { NO_START_KNOWN } from './kind.ts';
import type { ServiceSpec } from './service.ts';
import type { ServiceManager } from './service-manager.ts';
import { forgetStamp, stampPath, startNotePath, writeStamp } from './stamp.ts';

const STOP_SECONDS = 120;

/**
 * OpenRC keeps a service's state as a name in one of several directories, and its options beside them; a started daemon that is gone
 * leaves a dead pid there (rc-service calls that crashed). Asked is rc-service only for a service without a pid file. Source: rc-service(8),
 * openrc-run(8), librc's rc.h.in.
 */
const STATE = `
# active_state NAME: in systemd's words, into $active; its main process into $main, empty for one that leaves none.
active_state() {
  active=inactive main='' pidfile=''
  for active in starting:activating stopping:deactivating inactive:activating started:active failed:failed none:inactive; do
    [ ! -e "/run/openrc/${'${active%:*}'}/$1" ] || break
  done
  active=${'${active#*:}'}
  [ "$active" = active ] || return 0
  [ ! -r "/run/openrc/options/$1/pidfile" ] || read -r pidfile <"/run/openrc/options/$1/pidfile" || true
  if [ -z "$pidfile" ]; then
    rc-service "$1" status >/dev/null 2>&1 </dev/null 9>&- || active=failed
    return 0
  fi
  [ ! -r "$pidfile" ] || read -r main <"$pidfile" || true
  if [ -z "$main" ] || [ ! -d "/proc/$main" ]; then active=failed; fi
  case $pidfile in
    */supervise-*.pid)
      # that of what is supervised: its file is empty for a moment whenever it is started again
      main=
      for pause in 0 1 1; do
        sleep "$pause"
        read -r main <"/run/openrc/options/$1/child_pid" || true # no newline at its end
        [ -z "$main" ] || break
      done 2>/dev/null ;;
  esac
}

# enabled_in NAME: the runlevels that a start passes through, and that have it.
enabled_in() {
  for level in sysinit boot default; do
    [ ! -e "/etc/runlevels/$level/$1" ] || echo "$level"
  done
}
`;

const HELPERS = String.raw`
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# disable NAME: \`rc-update -a del\` fails when one of the runlevels has it not.
disable() {
  for level in $(enabled_in "$1"); do rc-update -q del "$1" "$level"; done
}

# last_words: of the service's own log: what its script names, what usually is there, what the system's log has of it.
last_words() {
  logs=$(cat "/etc/conf.d/$service" "/etc/init.d/$service" 2>/dev/null |
    sed -n "s/^[[:space:]]*\(output\|error\)_log=//p" | tr -d "\"'" | sed "s/[$]{*\(RC_SVCNAME\|SVCNAME\)}*/$service/g" | sort -u)
  for log in $logs "/var/log/$service.log"; do
    if [ -s "$log" ]; then
      echo "$log:"
      tail -n 20 "$log"
      return
    fi
  done
  for log in /var/log/messages /var/log/syslog; do
    [ ! -r "$log" ] || grep -F "$service" "$log" | tail -n 20
  done
}

# give_up WHAT: says what OpenRC and the service itself said last.
give_up() {
  active_state "$service"
  { echo "$service: $1; it is $active"; cat "$said"; last_words; } >&2
  exit 1
}

# rc VERB SECONDS: what it starts must neither hold our lock nor write to us.
rc() {
  status=0
  timeout "$2" rc-service "$service" "$1" >"$said" 2>&1 </dev/null 9>&- || status=$?
  case $status in
    0) ;;
    124 | 143) give_up "$1 did not end within $2 s" ;;
    *) give_up "$1 failed" ;;
  esac
}

# note_start: what it is soon after its start, for the look a while later. Whoever forks late writes its pid a moment late.
note_start() {
  sleep 1
  active_state "$service"
  case $active in
    active) process=${'${main:-none}'} ;;
    activating) process=none ;; # waits for something else by its own will
    *) give_up "did not stay up" ;;
  esac
  printf '%s\n' "$inputs" "$process" >"$note"
}

# read_note: of a start with these inputs; its process into $process.
read_note() { [ -r "$note" ] && { read -r noted; read -r process; } <"$note" && [ "$noted" = "$inputs" ]; }

# is_up: after active_state, the process that was noted.
is_up() {
  case $active in
    activating) ;;
    active) [ "$process" = none ] || [ -z "$main" ] || [ "$main" = "$process" ] ;;
    *) return 1 ;;
  esac
}
`;

/** The bare name; undefined for a unit that is no service. */
const bareName = (unit: string): string | undefined =>
  unit.endsWith('.service') ? unit.slice(0, -'.service'.length) : undefined;

const probe = (names: readonly string[]): Script =>
  joinScripts([
    rawScript(STATE),
    sh`
      service_state() {
        stamp='' load=not-found enabled=''
        [ ! -r "$2" ] || read -r stamp <"$2"
        active=inactive
        if [ -n "$1" ] && rc-service -e "$1" 9>&-; then
          load=loaded enabled=disabled
          active_state "$1"
          [ -z "$(enabled_in "$1")" ] || enabled=enabled
        fi
        record "$load" "$active" "$enabled" no "$stamp"
      }`,
    ...names.map((name) => sh`service_state ${bareName(name) ?? ''} ${stampPath(name)}`),
  ]);

function apply(spec: ServiceSpec): Script {
  const service = bareName(spec.name);
  const isWanted = spec.running === true || spec.enabled === true;
  if (service === undefined) return isWanted ? sh`echo ${`${spec.name}: OpenRC has services only`} >&2; exit 1` : sh`:`;
  return joinScripts([
    headOf(service, spec),
    ...(isWanted
      ? [sh`rc-service -e "$service" || { echo "there is no service $service: /etc/init.d has none" >&2; exit 1; }`]
      : []),
    ...(spec.enabled === true ? [sh`[ -n "$(enabled_in "$service")" ] || rc-update -q add "$service" default`] : []),
    ...(spec.enabled === false ? [sh`disable "$service"`] : []),
    ...(spec.running === true ? [starting(spec)] : []),
    ...(spec.running === false ? [stopping(spec)] : []),
  ]);
}

const headOf = (service: string, { name, inputs = '' }: ServiceSpec): Script =>
  joinScripts([sh`service=${service} inputs=${inputs} note=${startNotePath(name)}`, rawScript(STATE), rawScript(HELPERS)]);

/**
 * A crashed one is stopped first, and forgotten by OpenRC: it would be taken for started. Not every service can reload. What a killed run has
 * started with these inputs is not started anew: it is still to be watched.
 */
function starting({ name, inputs, onChange, startTimeoutSeconds }: ServiceSpec): Script {
  const restart = sh`rc restart ${startTimeoutSeconds + 90}`;
  const renew =
    onChange === 'reload'
      ? sh`timeout ${startTimeoutSeconds} rc-service "$service" reload >"$said" 2>&1 </dev/null 9>&- || ${restart}`
      : restart;
  const isOfOthers = inputs === undefined ? sh`false` : sh`[ "$last" != "$inputs" ]`;
  return sh`
    last=
    [ ! -r ${stampPath(name)} ] || read -r last <${stampPath(name)}
    active_state "$service"
    case $active in
      active)
        if read_note && is_up; then :
        elif ${isOfOthers}; then
          rm -f "$note"
          ${renew}
          note_start
        else printf '%s\n' "$inputs" none >"$note"
        fi ;;
      *)
        rm -f "$note"
        if [ "$active" = failed ]; then
          timeout ${STOP_SECONDS} rc-service "$service" stop >/dev/null 2>&1 </dev/null 9>&- || rc-service "$service" zap >/dev/null 2>&1 9>&- || true
        fi
        rc start ${startTimeoutSeconds}
        note_start ;;
    esac`;
}

function watch(spec: ServiceSpec): Script {
  const { name, inputs } = spec;
  return joinScripts([
    headOf(bareName(name) ?? '', spec),
    sh`
      read_note || exit ${NO_START_KNOWN}
      active_state "$service"
      is_up || give_up "did not stay up after its start"
      ${inputs === undefined ? sh`:` : writeStamp(name, inputs)}
      rm -f "$note"`,
  ]);
}

const stopping = ({ name }: ServiceSpec): Script => sh`
  ${forgetStamp(name)}
  if rc-service -e "$service"; then rc stop ${STOP_SECONDS}; fi`;

/** Alpine's, and Gentoo's. */
export const openrc: ServiceManager = { probe, apply, watch, masks: false };
