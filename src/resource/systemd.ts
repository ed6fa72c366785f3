import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import type { ServiceSpec } from './service.ts';
import type { ServiceManager } from './service-manager.ts';
import { forgetStamp, stampPath, writeStamp } from './stamp.ts';

const STOP_SECONDS = 120;

const HELPERS = `
property() { systemctl show -p "$1" --value -- "$unit"; }

# give_up WHAT: says what systemd and the service itself said last.
give_up() {
  echo "$unit: $1; it is $(property ActiveState) ($(property SubState)), result $(property Result)" >&2
  journalctl -u "$unit" -n 20 --no-pager -o short-iso >&2 || true
  exit 1
}

# run_job VERB SECONDS
run_job() {
  systemctl reset-failed -- "$unit" 2>/dev/null || true
  status=0
  timeout "$2" systemctl "$1" -- "$unit" || status=$?
  case $status in
    0) ;;
    124 | 143) give_up "$1 did not end within $2 s" ;;
    *) give_up "$1 failed" ;;
  esac
}

# stay_up: a service that dies right after its start, or is started over and over, has not started.
stay_up() {
  before=$(systemctl show -p ActiveState -p MainPID -- "$unit")
  case $before in
    *ActiveState=failed* | *ActiveState=activating*) give_up "did not stay up" ;;
    *MainPID=[1-9]*) ;;
    *) return 0 ;; # timers, sockets, oneshots
  esac
  for second in 1 2 3 4 5; do
    sleep 1
    [ "$(systemctl show -p ActiveState -p MainPID -- "$unit")" = "$before" ] || give_up "did not stay up for $second s"
  done
}
`;

function apply(spec: ServiceSpec): Script {
  const head = joinScripts([sh`unit=${spec.name}`, rawScript(HELPERS)]);
  if (spec.masked) return joinScripts([head, forgetStamp(spec.name), sh`systemctl mask --quiet --now -- "$unit"`]);
  return joinScripts([
    head,
    sh`
      if [ "$(property LoadState)" = masked ]; then systemctl unmask --quiet -- "$unit"; fi
      if [ "$(property NeedDaemonReload)" = yes ] || [ "$(property LoadState)" = not-found ]; then systemctl daemon-reload; fi`,
    ...(spec.enabled === true ? [sh`systemctl enable --quiet -- "$unit"`] : []),
    ...(spec.enabled === false
      ? [sh`if [ "$(property LoadState)" != not-found ]; then systemctl disable --quiet -- "$unit"; fi`]
      : []),
    ...(spec.running === true ? [starting(spec)] : []),
    ...(spec.running === false ? [stopping(spec)] : []),
  ]);
}

function starting({ name, inputs, onChange, startTimeoutSeconds }: ServiceSpec): Script {
  const started = inputs === undefined ? sh`:` : writeStamp(name, inputs);
  return sh`
    last=
    [ ! -r ${stampPath(name)} ] || read -r last <${stampPath(name)}
    case $(property ActiveState) in
      active | reloading)
        if [ -n ${inputs ?? ''} ] && [ "$last" != ${inputs ?? ''} ]; then
          run_job ${onChange === 'reload' ? 'reload-or-restart' : 'restart'} ${startTimeoutSeconds + 90}
          stay_up
        fi ;;
      *)
        run_job start ${startTimeoutSeconds}
        stay_up ;;
    esac
    ${started}`;
}

const stopping = ({ name }: ServiceSpec): Script => sh`
  ${forgetStamp(name)}
  if [ "$(property LoadState)" != not-found ]; then run_job stop ${STOP_SECONDS}; fi`;

/** One systemctl for all units: a block of properties each, in the order asked for. */
function probe(names: readonly string[]): Script {
  return sh`
    {
    for stamp in ${names.map(stampPath)}; do
      inputs=
      [ ! -r "$stamp" ] || read -r inputs <"$stamp"
      printf 't%s\n' "$inputs"
    done
    systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -p NeedDaemonReload -- ${names} 2>/dev/null
    } | awk '
      /^t/ { stamps[++n] = substr($0, 2); block = 1; next }
      /^$/ { block++; next }
      { at = index($0, "="); value[block, substr($0, 1, at - 1)] = substr($0, at + 1) }
      END {
        for (i = 1; i <= n; i++)
          printf "%s\037%s\037%s\037%s\037%s\037\036", value[i, "LoadState"], value[i, "ActiveState"],
            value[i, "UnitFileState"], value[i, "NeedDaemonReload"], stamps[i]
      }'`;
}

export const systemd: ServiceManager = { probe, apply, masks: true };
