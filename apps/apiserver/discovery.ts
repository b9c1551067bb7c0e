import { createHash } from 'node:crypto';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { type KeptDocument, keptDocument, MadeOnce } from '../../libs/api/kept-document.ts';
import { apiVersionOf } from '../../libs/api/meta.ts';
import { subresourcesOf } from '../../libs/api/subresources.ts';
import { noSuchResource } from '../../libs/registry/errors.ts';
import type { Registry } from '../../libs/registry/registry.ts';
import type { ForeignVersion } from './aggregation/foreign-resources.ts';

const usualVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const customVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** Groups in the order in which upstream shows them; others follow by name. */
const groupOrder = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

/** Everything that clients ask to learn what is served. */
export class Discovery {
  /** What was last said of all resources, of the core group and of the others. */
  private readonly kept = { '/api': new MadeOnce<KeptDocument>(), '/apis': new MadeOnce<KeptDocument>() };

  constructor(
    private readonly registry: Registry,
    /** Versions that other servers answer for. */
    private readonly foreign: () => readonly ForeignVersion[] = () => [],
  ) {}

  /** The answer for a discovery path; undefined when it is none. @throws StatusError NotFound for an unknown version. */
  answer(path: string): object | undefined {
    const parts = path.replace(/\/$/, '').split('/').slice(1);
    if (parts[0] === 'api' && parts.length === 1) return coreVersions();
    if (parts[0] === 'apis' && parts.length === 1) return this.groupList();
    if (parts[0] === 'api' && parts.length === 2) return this.resourceList('', parts[1]!);
    if (parts[0] !== 'apis') return undefined;
    const group = parts[1]!;
    if (!this.groups().some((one) => one.name === group)) return undefined;
    if (parts.length === 2) return { kind: 'APIGroup', apiVersion: 'v1', ...this.groupOf(group) };
    return parts.length === 3 ? this.resourceList(group, parts[2]!) : undefined;
  }

  /** The answer to who wants all of `/api` or of `/apis` at once; undefined for other paths. */
  aggregated(path: string): KeptDocument | undefined {
    const root = path.replace(/\/$/, '');
    if (root !== '/api' && root !== '/apis') return undefined;
    const sources: unknown[] = [...this.definitions(), JSON.stringify(this.foreign())];
    return this.kept[root].of(sources, () => keptDocument(Buffer.from(JSON.stringify(this.allOf(root === '/api')))));
  }

  hasGroup(group: string): boolean {
    return this.groups().some((one) => one.name === group);
  }

  /** Every path of the discovery itself. */
  paths(): string[] {
    const groups = this.groups().filter(({ name }) => name !== '');
    const ofGroup = (name: string, versions: string[]) => versions.map((version) => `/apis/${name}/${version}`);
    const below = groups.flatMap(({ name, versions }) => [`/apis/${name}`, ...ofGroup(name, versions)]);
    return ['/api', '/api/v1', '/apis', '/apis/', ...below];
  }

  private definitions(): ResourceDefinition[] {
    return this.registry.all().map((served) => served.definition);
  }

  private groups(): Array<{ name: string; versions: string[] }> {
    const versions = new Map<string, Set<string>>();
    for (const { group, version } of this.definitions()) {
      const known = versions.get(group) ?? new Set();
      versions.set(group, known.add(version));
    }
    for (const { group, version } of this.foreign()) {
      const known = versions.get(group) ?? new Set();
      versions.set(group, known.add(version));
    }
    const rank = (name: string) => (groupOrder.includes(name) ? groupOrder.indexOf(name) : groupOrder.length);
    return [...versions]
      .map(([name, set]) => ({ name, versions: [...set].sort(byVersionPriority) }))
      .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
  }

  private groupOf(name: string) {
    const versions = (this.groups().find((group) => group.name === name)?.versions ?? []).map((version) => ({
      groupVersion: `${name}/${version}`,
      version,
    }));
    return { name, versions, preferredVersion: versions[0] };
  }

  private groupList(): object {
    const groups = this.groups()
      .filter((group) => group.name !== '')
      .map((group) => this.groupOf(group.name));
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }

  private resourceList(group: string, version: string): object {
    const definitions = this.definitions().filter((one) => one.group === group && one.version === version);
    if (definitions.length === 0) {
      throw noSuchResource();
    }
    const resources = definitions.flatMap((definition) => [resourceEntry(definition), ...partEntries(definition)]);
    const groupVersion = apiVersionOf({ group, version });
    const head = group === '' ? { kind: 'APIResourceList' } : { kind: 'APIResourceList', apiVersion: 'v1' };
    return { ...head, groupVersion, resources: resources.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  private allOf(core: boolean): object {
    const foreign = this.foreign();
    const items = this.groups()
      .filter((group) => (group.name === '') === core)
      .map((group) => ({
        metadata: group.name === '' ? {} : { name: group.name },
        versions: group.versions.map((version) => {
          const other = foreign.find((one) => one.group === group.name && one.version === version);
          const own = () =>
            this.definitions()
              .filter((one) => one.group === group.name && one.version === version)
              .map(aggregatedEntry)
              .sort((a, b) => (a.resource < b.resource ? -1 : 1));
          return {
            version,
            resources: other?.resources ?? own(),
            freshness: other?.fresh === false ? 'Stale' : 'Current',
          };
        }),
      }));
    return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  }
}

function coreVersions(): object {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

/** v2 before v1, stable before beta before alpha. */
function byVersionPriority(a: string, b: string): number {
  const rank = (version: string) => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (!match) return [-1, 0, 0];
    const stage = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const left = rank(a);
  const right = rank(b);
  for (let index = 0; index < 3; index++) if (left[index] !== right[index]) return right[index]! - left[index]!;
  return a < b ? -1 : 1;
}

/** Kinds that are created and never stored have no storage version. */
function isStored(definition: ResourceDefinition): boolean {
  return !definition.verbs || definition.verbs.includes('watch');
}

function storageVersionHash(definition: ResourceDefinition): string {
  const { group, version: shown, kind } = definition.storedAs?.resource ?? definition;
  const version = definition.storageVersion ?? shown;
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');
}

function resourceEntry(definition: ResourceDefinition) {
  const { plural, singular, namespaced, kind, shortNames, categories } = definition;
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: definition.verbs ?? (definition.customSchema ? customVerbs : usualVerbs),
    shortNames: shortNames?.length ? shortNames : undefined,
    categories: categories?.length ? categories : undefined,
    storageVersionHash: isStored(definition) ? storageVersionHash(definition) : undefined,
  };
}

function partEntries(definition: ResourceDefinition) {
  return subresourcesOf(definition).map(({ name, kind, group, version, verbs }) => ({
    name: `${definition.plural}/${name}`,
    singularName: '',
    namespaced: definition.namespaced,
    group,
    version,
    kind,
    verbs,
  }));
}

function aggregatedEntry(definition: ResourceDefinition) {
  // Built-in kinds name group and version only where they are not those around them.
  const { group, version } = definition.customSchema ? definition : { group: '', version: '' };
  const { plural, singular, namespaced, kind, shortNames, categories } = definition;
  const subresources = [...subresourcesOf(definition)]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((part) => ({
      subresource: part.name,
      responseKind: { group: part.group ?? group, version: part.version ?? version, kind: part.kind },
      verbs: part.verbs,
    }));
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: definition.verbs ?? (definition.customSchema ? customVerbs : usualVerbs),
    shortNames,
    categories,
    subresources: subresources.length > 0 ? subresources : undefined,
  };
}
