import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { PiclusterError } from '#src/errors.ts';
import type { Secret } from '#src/secrets/secret.ts';
import type { Content } from './content.ts';
import { helpersFor, MissingArgument } from './helpers.ts';
import { SecretHolder } from './secret-holder.ts';

const SHARED = new URL('../../templates/', import.meta.url);

/** What the cluster directory gives to the templates of a role. */
export interface TemplateOverrides {
  /** Its own text for one, by name. */
  get(name: string): { file: string; text: string } | undefined;
  /** A secret of the host, by name: `{{secret "k3s.token"}}`. Throws when there is none. */
  secret?(path: string): Secret;
}

/**
 * A template beside a module (`templates/NAME` or `NAME`), else a shared one; read when it is first rendered. Strict: a variable that is
 * not given is an error. Not escaped: nothing here is HTML. Secrets among the values stay secrets in the content. An override of the same
 * name is rendered instead.
 */
export function template<Values extends object>(
  moduleUrl: string,
  name: string,
): (values: Values, overrides?: TemplateOverrides) => Content {
  let own: HandlebarsTemplateDelegate | undefined;
  return (values, overrides) => {
    const override = overrides?.get(name);
    const holder = new SecretHolder();
    try {
      const render = override ? compile(override.text) : (own ?? compile(sourceOf(moduleUrl, name)));
      if (!override) own = render;
      return holder.release(render(holder.hold(values), { data: { holder, secret: overrides?.secret } }));
    } catch (error) {
      throw explained(error, override?.file ?? name);
    }
  };
}

function sourceOf(moduleUrl: string, name: string): string {
  const places = [new URL(`templates/${name}`, moduleUrl), new URL(name, moduleUrl), new URL(name, SHARED)];
  const place = places.find((url) => existsSync(url));
  if (!place)
    throw new PiclusterError(`there is no template ${name} beside ${basename(fileURLToPath(moduleUrl))} or in templates/`);
  return readFileSync(place, 'utf8');
}

function compile(source: string): HandlebarsTemplateDelegate {
  const environment = Handlebars.create();
  environment.registerHelper(helpersFor(environment));
  return environment.compile(source, { strict: true, noEscape: true, knownHelpersOnly: false });
}

/** Handlebars says `"x" not defined in [object Object] - 3:10`. */
function explained(error: unknown, name: string): PiclusterError {
  if (error instanceof PiclusterError) return error;
  if (error instanceof MissingArgument)
    return new PiclusterError(`template ${name}:${error.line}: ${error.message}`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  const missing = /^"(.*)" not defined in .* - (\d+):(\d+)$/.exec(message);
  const what = missing ? `${name}:${missing[2]}: the variable ${missing[1]} is not given` : `${name}: ${message.split('\n')[0]}`;
  return new PiclusterError(`template ${what}`, { cause: error });
}
