import type { Facts } from '#src/facts/facts.ts';
import { command } from '#src/resource/command.ts';
import { directory } from '#src/resource/directory.ts';
import { file } from '#src/resource/file.ts';
import { type StepDraft, type StepOptions, step } from '#src/role/step.ts';
import { sh } from '#src/shell/script.ts';
import { logindDelaySeconds } from './kubelet.ts';
import type { K3sVars } from './vars.ts';

const DIRECTORY = '/etc/systemd/logind.conf.d';
/** kubelet writes a 99-kubelet.conf of its own when it finds too short a delay; this one sorts after it. */
const DROP_IN = `${DIRECTORY}/zz-picluster.conf`;

/** logind lets kubelet finish: without it the grace period is cut to 5 s. To be done before kubelet starts. Nothing where there is no logind. Source: logind.conf(5). */
export function logindSteps({ init }: Facts, vars: K3sVars): StepDraft[] {
  const { grace, delay } = logindDelaySeconds(vars);
  if (grace === 0 || init !== 'systemd') return [];
  return [
    step(directory({ path: DIRECTORY, mode: 0o755 })),
    step(
      file({
        path: DROP_IN,
        content: `# Written by picluster: kubelet needs ${grace} s to end the pods.\n[Login]\nInhibitDelayMaxSec=${delay}\n`,
        mode: 0o644,
      }),
    ),
    step(effectiveDelay(grace, delay), { name: 'logind-delay' }),
  ];
}

const MANAGER = 'org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager';

/** What logind does now, whatever its files say, and what they will make it do after the next start. Source: systemd-analyze(1). */
function effectiveDelay(grace: number, delay: number) {
  const enough = sh`
    now=$(busctl get-property ${words(MANAGER)} InhibitDelayMaxUSec 2>/dev/null | cut -d' ' -f2)
    systemd-analyze cat-config systemd/logind.conf 2>/dev/null |
      awk -v now="\${now:-0}" -v ours=${DROP_IN} -v grace=${grace} -v delay=${delay} '
        /^# [/]/ { file = $2 }
        /^[ \t]*InhibitDelayMaxSec[ \t]*=/ { last = file; split($0, pair, "="); value = pair[2] }
        END {
          if (last == ours) exit !(now >= delay * 1000000)
          exit !(now >= grace * 1000000 && value ~ /^[ \t]*[0-9]+[ \t]*$/ && value + 0 >= grace)
        }'`;
  return command({
    title: `logind waits at least ${grace} s for kubelet`,
    unless: enough,
    run: sh`
      enough() {
        ${enough}
      }
      systemctl kill -s HUP systemd-logind.service
      tries=0
      until enough; do
        tries=$((tries + 1))
        if [ "$tries" -gt 10 ]; then
          {
            echo "logind waits shorter than ${grace} s before it powers off, or will from the next start on; the last of these lines counts:"
            systemd-analyze cat-config systemd/logind.conf | awk '/^# [/]/{file=$2} /^[ \t]*InhibitDelayMaxSec/{print "  " file ": " $0}'
          } >&2
          exit 1
        fi
        sleep 1
      done`,
  });
}

/**
 * kubelet holds logind's inhibitor: only then does a shutdown wait for it. To be checked after the unit has started.
 * It asks once, at its start, and in vain while logind's delay is too short: a unit that has run without it for a while is restarted.
 */
export function inhibitorStep(
  { init }: Facts,
  vars: K3sVars,
  unit: string,
  options: Pick<StepOptions, 'pool'> = {},
): StepDraft[] {
  if (logindDelaySeconds(vars).grace === 0 || init !== 'systemd') return [];
  const held = sh`busctl call ${words(MANAGER)} ListInhibitors 2>/dev/null | grep -q '"shutdown[^"]*" "kubelet"'`;
  // kubelet takes its lock some seconds after the unit is active: one that has just started is given time.
  const isYoung = sh`[ "$(systemctl show -p ActiveEnterTimestampMonotonic --value ${unit})" -gt "$(awk '{printf "%.0f", ($1 - 60) * 1000000}' /proc/uptime)" ]`;
  return [
    step(
      command({
        title: 'kubelet delays a shutdown',
        unless: sh`
          ${held} || {
            if systemctl -q is-active ${unit} && ${isYoung}; then
              tries=0
              while [ "$tries" -lt 15 ] && ! ${held}; do
                tries=$((tries + 1))
                sleep 1
              done
            fi
            ${held} || {
              systemctl -q is-active ${unit} && echo "kubelet holds no inhibitor, ${unit} is to be restarted"
              false
            }
          }`,
        run: sh`
          soon_held() {
            tries=0
            until ${held}; do
              tries=$((tries + 1))
              [ "$tries" -le "$1" ] || return 1
              sleep 1
            done
          }
          { ${isYoung} && soon_held 15; } || ${held} || {
            systemctl restart ${unit}
            soon_held 60
          } || {
            {
              echo "kubelet holds no shutdown inhibitor, also after a restart of ${unit}; held are:"
              systemd-inhibit --list --no-pager
              journalctl -u ${unit} --no-pager -o cat -g 'shutdown' -n 5
            } >&2
            exit 1
          }`,
      }),
      { ...options, name: 'kubelet-inhibitor' },
    ),
  ];
}

const words = (text: string): readonly string[] => text.split(' ');
