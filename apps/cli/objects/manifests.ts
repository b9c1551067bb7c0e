import { parseAllDocuments } from 'yaml';
import { CliError } from '../command.ts';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** The objects of a YAML or JSON text, lists taken apart. @throws CliError that names the place */
export function readManifests(text: string, source: string): Manifest[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, index) => {
    const [error] = document.errors;
    if (error) throw new CliError(`${source}: ${error.message}`);
    const value = document.toJS() as (Partial<Manifest> & { items?: Manifest[] }) | null;
    if (value === null) return [];
    if (value.kind === 'List' && value.items) return value.items;
    if (!value.apiVersion || !value.kind || !value.metadata?.name) {
      throw new CliError(`${source}: document ${index + 1}: an object needs apiVersion, kind and metadata.name`);
    }
    return [value as Manifest];
  });
}
