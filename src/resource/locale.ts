import { z } from 'zod';
import { sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { defineKind } from './kind.ts';

const FILE = '/etc/default/locale';

const schema = z.strictObject({
  locale: z
    .string()
    .regex(/^(?:C|POSIX|[a-z]{2,3}_[A-Z]{2})(?:\.[A-Za-z0-9-]+)?(?:@[a-z]+)?$/, 'a locale: en_US.UTF-8')
    .describe('`en_US.UTF-8`, `C.UTF-8`'),
});

interface State {
  lang: string;
  isAvailable: boolean;
}

export const locale = defineKind({
  name: 'locale',
  summary: "The system's default locale (LANG): generated, and set for logins.",
  schema,
  id: () => 'locale',

  probe: (specs) => sh`
    lang=
    if [ -r ${FILE} ]; then lang=$(sed -n 's/^LANG=//p' ${FILE} | tail -n 1 | tr -d "\"'"); fi
    for wanted in ${specs.map((spec) => listed(spec.locale))}; do
      available=no
      case $wanted in C | POSIX | C.utf8) available=yes ;; *) if locale -a 2>/dev/null | grep -Fixq -- "$wanted"; then available=yes; fi ;; esac
      record "$lang" "$available"
    done`,
  parse: ([lang = '', available]): State => ({ lang, isAvailable: available === 'yes' }),
  diff: (spec, state) =>
    changeOf('update', differences({ LANG: [state.lang || undefined, spec.locale], generated: [state.isAvailable, true] })),

  apply: ({ locale: wanted }) => ({
    script: sh`
      case ${listed(wanted)} in
        C | POSIX | C.utf8) ;;
        *)
          if ! locale -a | grep -Fixq -- ${listed(wanted)}; then
            if ! command -v locale-gen >/dev/null 2>&1; then echo ${`${wanted} is not there, and cannot be made without the package locales`} >&2; exit 1; fi
            text=$(grep -Fxv -- ${generated(wanted)} /etc/locale.gen 2>/dev/null; printf '%s\n.' ${generated(wanted)})
            printf '%s' "\${text%.}" | place /etc/locale.gen 644 root root
            locale-gen
          fi ;;
      esac
      file=${FILE}
      if [ -L "$file" ]; then file=$(readlink -f "$file"); fi
      [ -d "\${file%/*}" ] || mkdir -p "\${file%/*}"
      text=$(grep -v '^LANG=' "$file" 2>/dev/null; printf 'LANG=%s\n.' ${wanted})
      printf '%s' "\${text%.}" | place "$file" 644 root root`,
    timeoutMs: 10 * 60_000,
  }),
  fingerprint: (spec) => spec.locale,
});

/** As `locale -a` lists it: `en_US.utf8`. */
const listed = (name: string): string =>
  name.replace(/\.([^@]+)/, (_, charset: string) => `.${charset.toLowerCase().replaceAll('-', '')}`);

/** As /etc/locale.gen names it: `en_US.UTF-8 UTF-8`. */
const generated = (name: string): string => `${name} ${/\.([^@]+)/.exec(name)?.[1] ?? 'ISO-8859-1'}`;
