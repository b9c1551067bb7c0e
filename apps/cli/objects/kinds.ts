import type { Api } from '../api.ts';
import { CliError } from '../command.ts';

/** A kind that the server has, as its discovery says. */
export interface ServedKind {
  /** `/api/v1` or `/apis/apps/v1`. */
  base: string;
  plural: string;
  /** `deployment.apps`, as names are printed beside others. */
  singular: string;
  kind: string;
  apiVersion: string;
  namespaced: boolean;
}

interface Discovery {
  items?: Array<{
    metadata?: { name?: string };
    versions?: Array<{
      version: string;
      resources?: Array<{
        resource: string;
        scope: string;
        responseKind?: { kind: string };
        singularResource?: string;
        shortNames?: string[];
      }>;
    }>;
  }>;
}

interface KnownKind extends ServedKind {
  names: Set<string>;
}

const discoveryType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** What the server serves, found by any of the names that people use. */
export class Kinds {
  private constructor(private readonly all: readonly KnownKind[]) {}

  static async from(api: Api): Promise<Kinds> {
    const roots = await Promise.all(
      ['/api', '/apis'].map((path) => api.send('GET', path, undefined, { accept: discoveryType })),
    );
    return new Kinds(roots.flatMap(({ body }, index) => knownKinds(body as Discovery, index === 0 ? '/api' : '/apis')));
  }

  /** By plural, singular, short name or kind, with or without its group: `po`, `deployments.apps`. @throws CliError */
  named(name: string): ServedKind {
    const wanted = name.toLowerCase();
    const found = this.all.find((kind) => kind.names.has(wanted));
    if (!found) throw new CliError(`the server has no resource "${name}"`);
    return found;
  }

  /** The kind of a manifest. @throws CliError */
  of(manifest: { apiVersion?: string; kind?: string }): ServedKind {
    const found = this.all.find((kind) => kind.kind === manifest.kind && kind.apiVersion === manifest.apiVersion);
    if (!found) throw new CliError(`the server has no kind ${manifest.kind} in ${manifest.apiVersion}`);
    return found;
  }
}

function knownKinds(discovery: Discovery, root: string): KnownKind[] {
  return (discovery.items ?? []).flatMap(({ metadata, versions = [] }) => {
    const group = metadata?.name ?? '';
    return versions.flatMap(({ version, resources = [] }) =>
      resources.map((each) => {
        const kind = each.responseKind?.kind ?? '';
        const names = [
          each.resource,
          each.singularResource ?? '',
          kind.toLowerCase(),
          ...(each.shortNames ?? []),
        ].filter(Boolean);
        return {
          base: group === '' ? `${root}/${version}` : `${root}/${group}/${version}`,
          apiVersion: group === '' ? version : `${group}/${version}`,
          plural: each.resource,
          singular: `${each.singularResource || kind.toLowerCase()}${group === '' ? '' : `.${group}`}`,
          kind,
          namespaced: each.scope === 'Namespaced',
          names: new Set([...names, ...names.map((name) => `${name}.${group}`)]),
        };
      }),
    );
  });
}

/** The path of a collection, or of one object in it. */
export function pathOf(kind: ServedKind, namespace: string | undefined, name?: string): string {
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${kind.base}${scope}/${kind.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
