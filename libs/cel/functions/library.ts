import type { Library, Overload } from '../overload.ts';
import { authorizer } from './authorizer.ts';
import { conversions } from './conversions.ts';
import { type Form, overloadOf } from './form.ts';
import { formats } from './formats.ts';
import { lists } from './lists.ts';
import { net } from './net.ts';
import { operators } from './operators.ts';
import { optionals } from './optionals.ts';
import { quantities } from './quantity.ts';
import { regex } from './regex.ts';
import { semver } from './semver.ts';
import { strings } from './strings.ts';
import { times } from './times.ts';
import { url } from './url.ts';

const tables: ReadonlyArray<readonly Form[]> = [
  ...[operators, conversions, times, strings, regex, lists, optionals],
  ...[quantities, url, net, formats, semver, authorizer],
];

function collected(): Library {
  const library = new Map<string, Overload[]>();
  for (const form of tables.flat()) {
    const forms = library.get(form.name) ?? [];
    forms.push(overloadOf(form));
    library.set(form.name, forms);
  }
  return library;
}

/** Every function that expressions may call. */
export const functionLibrary: Library = collected();
