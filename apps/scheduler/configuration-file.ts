import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { readConfiguration } from '../../libs/scheduling/configuration/read.ts';
import type { Profile } from '../../libs/scheduling/profiles.ts';

/** The profiles of a configuration file. @throws Error that names the file and what is wrong in it. */
export function readProfiles(file: string): Profile[] {
  try {
    const document = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: true });
    if (document.errors.length > 0) throw document.errors[0];
    return readConfiguration(document.toJS());
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
