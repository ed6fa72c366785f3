import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { NO_START_KNOWN } from './kind.ts';
import type { ServiceSpec } from './service.ts';
import type { ServiceManager } from './service-manager.ts';
import { forgetStamp, stampPath, startNotePath, writeStamp } from './stamp.ts';

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

main_process() { systemctl show -p ActiveState -p MainPID -- "$unit"; }

# note_start: what it is right after its start, for the look a while later.
note_start() {
  process=$(main_process)
  case $process in
    *ActiveState=failed* | *ActiveState=activating*) give_up "did not stay up" ;;
    *MainPID=[1-9]*) ;;
    *) process=none ;; # timers, sockets, oneshots
  esac
  printf '%s\\n' "$inputs" "$process" >"$note"
}

# is_noted: it was started with these inputs, as the process that it still is.
is_noted() { [ "$(cat "$note" 2>/dev/null)" = "$(printf '%s\\n' "$inputs" "$(main_process)")" ]; }
`;

function apply(spec: ServiceSpec): Script {
  const head = headOf(spec);
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

const headOf = ({ name, inputs = '' }: ServiceSpec): Script =>
  joinScripts([sh`unit=${name} inputs=${inputs} note=${startNotePath(name)}`, rawScript(HELPERS)]);

/** What a killed run has started with these inputs is not started anew: it is still to be watched. */
function starting({ name, inputs, onChange, startTimeoutSeconds }: ServiceSpec): Script {
  const isOfOthers = inputs === undefined ? sh`false` : sh`[ "$last" != "$inputs" ]`;
  return sh`
    last=
    [ ! -r ${stampPath(name)} ] || read -r last <${stampPath(name)}
    case $(property ActiveState) in
      active | reloading)
        if is_noted; then :
        elif ${isOfOthers}; then
          rm -f "$note"
          run_job ${onChange === 'reload' ? 'reload-or-restart' : 'restart'} ${startTimeoutSeconds + 90}
          note_start
        else printf '%s\n' "$inputs" none >"$note"
        fi ;;
      *)
        rm -f "$note"
        run_job start ${startTimeoutSeconds}
        note_start ;;
    esac`;
}

function watch(spec: ServiceSpec): Script {
  const { name, inputs } = spec;
  return joinScripts([
    headOf(spec),
    sh`
      [ -r "$note" ] && { read -r noted; read -r process; } <"$note" && [ "$noted" = "$inputs" ] || exit ${NO_START_KNOWN}
      [ "$process" = none ] || is_noted || give_up "did not stay up after its start"
      ${inputs === undefined ? sh`:` : writeStamp(name, inputs)}
      rm -f "$note"`,
  ]);
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

export const systemd: ServiceManager = { probe, apply, watch, masks: true };
