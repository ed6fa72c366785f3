import type { Host } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import { command } from '#src/resource/command.ts';
import { directory } from '#src/resource/directory.ts';
import { file } from '#src/resource/file.ts';
import { line } from '#src/resource/line.ts';
import { service } from '#src/resource/service.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import { distributionOf } from '../distribution.ts';
import { sshSettings } from './ssh-settings.ts';
import type { OsVars } from './vars.ts';

const MAIN = '/etc/ssh/sshd_config';
const DIRECTORY = '/etc/ssh/sshd_config.d';
/** sshd takes the first value that it meets: the name sorts before those of cloud-init and of people. */
const DROP_IN = `${DIRECTORY}/00-picluster.conf`;

/** Keys only. Effective also against drop-ins; sshd is reloaded, never restarted, so sessions stay. Source: sshd_config(5). */
export function sshSteps(host: Host, facts: Facts, vars: OsVars): StepDraft[] {
  const distribution = distributionOf(facts);
  const settings = sshSettings(host, vars.ssh, distribution);
  const content = dropIn({ ...settings.verified, ...settings.extra });
  const ours = step(file({ path: DROP_IN, content, mode: 0o644, validate: parses() }));
  const include = step(
    line({
      path: MAIN,
      match: `^[[:space:]]*Include[[:space:]]+${DIRECTORY}/`,
      line: `Include ${DIRECTORY}/*.conf`,
      insert: 'top',
      validate: sh`sshd -t -f "$candidate"`,
    }),
    { name: 'drop-ins-first' },
  );
  return [
    step(operatorHasKey(host.target.user), { name: 'operator-has-key' }),
    step(directory({ path: DIRECTORY, mode: 0o755 })),
    ours,
    include,
    step(takesEffect(host.target.user, settings.verified), { name: 'sshd-hardened' }),
    step(service({ name: distribution.services.ssh, running: true, onChange: 'reload' }), { restartOn: [ours, include] }),
  ];
}

const dropIn = (settings: Readonly<Record<string, string>>): string =>
  `# Written by picluster; what is changed here by hand is changed back.\n${Object.entries(settings)
    .map(([keyword, value]) => `${keyword} ${value}\n`)
    .join('')}`;

/** The candidate in front of the present configuration: what sshd would read. `sshd -t` wants its directory, which socket activation makes late. */
const parses = (): Script => sh`
  mkdir -p /run/sshd
  { cat "$candidate" && cat ${MAIN}; } >"$candidate.all"
  if sshd -t -f "$candidate.all"; then rm -f "$candidate.all"; else rm -f "$candidate.all"; return 1; fi`;

/** Without a key nobody gets in once passwords are off. `Match` blocks count, hence -C. */
function operatorHasKey(user: string) {
  const find = sh`
    user=${user}
    home=$({ getent passwd "$user" || grep "^$user:" /etc/passwd; } 2>/dev/null | cut -d: -f6)
    settings=$(mkdir -p /run/sshd; sshd -T -C "user=$user,host=localhost,addr=127.0.0.1" 2>/dev/null)
    asked=$(printf '%s\n' "$settings" | awk '$1 == "authorizedkeyscommand" {print $2}')
    [ "\${asked:-none}" = none ] || exit 0
    for file in $(printf '%s\n' "$settings" | awk '$1 == "authorizedkeysfile" {$1 = ""; print}'); do
      file=$(printf '%s' "$file" | sed "s|%h|$home|g; s|%u|$user|g; s|%%|%|g")
      case $file in /*) ;; *) file=$home/$file ;; esac
      ! grep -Eqs '^[^#]*(ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+ +AAAA' "$file" || exit 0
    done
    echo "$user has no authorized key"
    exit 1`;
  return command({
    title: `${user} can log in with a key`,
    unless: find,
    run: sh`
      ! ( ${find} ) || exit 0
      echo ${
        `${user}, as whom picluster logs in, has no authorized key here: with passwords off nobody could log in any more. ` +
        'Give it one (role users, ssh-copy-id), or set os.ssh.harden: false'
      } >&2
      exit 1`,
  });
}

/** What sshd makes of all its files together. Asked again when it is applied: the drop-in may have come in between. */
function takesEffect(user: string, settings: Readonly<Record<string, string>>) {
  const wanted = Object.entries(settings).map(([keyword, value]) => `${keyword.toLowerCase()} ${value}`);
  const findWrong = sh`
    mkdir -p /run/sshd
    effective=$(sshd -T -C ${`user=${user},host=localhost,addr=127.0.0.1`} 2>&1) || { echo "$effective" >&2; exit 1; }
    wrong=
    for setting in ${wanted}; do
      printf '%s\n' "$effective" | grep -Fxiq -- "$setting" || wrong="$wrong, not $setting"
    done`;
  return command({
    title: 'sshd is hardened',
    unless: joinScripts([findWrong, sh`[ -z "$wrong" ] || { echo "\${wrong#, }"; exit 1; }`]),
    run: joinScripts([
      findWrong,
      sh`
        if [ -n "$wrong" ]; then
          {
            echo "sshd says: \${wrong#, }; a Match block, or a line before the Include, overrides ${DROP_IN}:"
            grep -niE ${keywordPattern(settings)} ${MAIN} ${DIRECTORY}/*.conf | grep -v ${`^${DROP_IN}:`}
          } >&2
          exit 1
        fi`,
    ]),
  });
}

const keywordPattern = (settings: Readonly<Record<string, string>>): string =>
  `^[[:space:]]*(Match|${Object.keys(settings).join('|')})[[:space:]]`;
