import type { Api } from '../api.ts';
import { CliError } from '../command.ts';
import { type Kinds, pathOf } from './kinds.ts';
import type { Manifest } from './manifests.ts';

const fieldManager = 'berth';

export interface Application {
  manifest: Manifest;
  /** For a manifest that names none. */
  namespace: string;
  /** Take over fields that other managers own. */
  force: boolean;
  dryRun: boolean;
}

/** Creates or changes one object by server-side apply; resolves to a line that says what happened. @throws CliError */
export async function applyObject(
  api: Api,
  kinds: Kinds,
  { manifest, namespace, force, dryRun }: Application,
): Promise<string> {
  const kind = kinds.of(manifest);
  const { name } = manifest.metadata;
  const path = pathOf(kind, manifest.metadata.namespace ?? namespace, name);
  const query = new URLSearchParams({
    fieldManager,
    force: String(force),
    fieldValidation: 'Strict',
    ...(dryRun ? { dryRun: 'All' } : {}),
  });
  const { code, body } = await api.send('PATCH', `${path}?${query}`, manifest, {
    body: 'application/apply-patch+yaml',
  });
  if (code >= 300) throw new CliError(body.message ?? `${path}: ${code}`);
  return `${kind.plural}/${name} ${code === 201 ? 'created' : 'applied'}${dryRun ? ' (dry run)' : ''}`;
}
