import type { V1ControllerRevision, V1PodTemplateSpec } from '../api/gen/types.ts';
import { controllerrevisions } from '../api/kinds/controllerrevision.ts';
import { type KubeObject, nameOf, type Resource } from '../api/meta.ts';
import { seedOf } from '../base/random.ts';
import { isStatus } from '../base/status.ts';
import type { Client } from '../client/client.ts';
import type { Informer } from '../client/informer.ts';
import type { ControllerContext } from './controller.ts';
import { byController, controllerReference, controllerUidOf } from './ownership.ts';
import { unlessMissing } from './retry.ts';
import { canonical, same } from './same.ts';

export const revisionHashLabel = 'controller-revision-hash';
const hashLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** An owner whose templates are kept as ControllerRevisions. */
export interface RevisionOwner extends KubeObject {
  spec?: { template: V1PodTemplateSpec; revisionHistoryLimit?: number };
  status?: { collisionCount?: number };
}

export interface History {
  /** Of the template as it is now. */
  current: V1ControllerRevision;
  /** All of them, oldest first. */
  all: V1ControllerRevision[];
}

/**
 * The template in the form in which kubectl undoes to it: a patch that replaces the template as a whole. Go clients tell
 * by its bytes whether a revision is the current one, so that names stand in their order.
 */
const dataOf = (template: V1PodTemplateSpec) => inOrder({ spec: { template: { ...template, $patch: 'replace' } } });

function inOrder<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder) as T;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, inOrder(field)])) as T;
}

export const hashOf = (revision: V1ControllerRevision): string => revision.metadata?.labels?.[revisionHashLabel] ?? '';

/** The template that a revision keeps. */
export function templateOf(revision: V1ControllerRevision): V1PodTemplateSpec {
  const { $patch: _, ...template } = (revision.data as ReturnType<typeof dataOf>).spec.template;
  return template;
}

function templateHash(template: V1PodTemplateSpec, collisionCount = 0): string {
  const digits = String(seedOf(`${canonical(template)}${collisionCount || ''}`));
  return [...digits].map((digit) => hashLetters[(digit.charCodeAt(0) * 7) % hashLetters.length]).join('');
}

/** The history of templates of one kind of owner. */
export class Revisions<O extends RevisionOwner> {
  readonly cache: Informer<V1ControllerRevision>;
  readonly #client: Client;
  readonly #resource: Resource<O>;

  constructor({ client, informers }: ControllerContext, resource: Resource<O>) {
    this.#client = client;
    this.#resource = resource;
    this.cache = informers.of(controllerrevisions).addIndex(byController, controllerUidOf);
  }

  /** Sees to it that the template has the newest revision, made or raised where needed. */
  async sync(owner: O, template: V1PodTemplateSpec): Promise<History> {
    const all = this.cache.byIndex(byController, owner.metadata?.uid ?? '').sort((a, b) => a.revision - b.revision);
    const newest = all.at(-1)?.revision ?? 0;
    const found = all.find((revision) => same(revision.data, dataOf(template)));
    if (found && found.revision === newest) return { current: found, all };
    const current = found
      ? await this.#client.update(controllerrevisions, { ...found, revision: newest + 1 })
      : await this.#create(owner, template, newest + 1);
    return { current, all: [...all.filter((revision) => revision !== found), current] };
  }

  /** Deletes the oldest revisions beyond the limit that are not in use. */
  async trim(owner: O, { current, all }: History, inUse: ReadonlySet<string>): Promise<void> {
    const idle = all.filter((revision) => revision !== current && !inUse.has(hashOf(revision)));
    const surplus = idle.length - (owner.spec?.revisionHistoryLimit ?? 10);
    for (const revision of idle.slice(0, Math.max(0, surplus))) {
      await unlessMissing(this.#client.delete(controllerrevisions, nameOf(revision)));
    }
  }

  async #create(owner: O, template: V1PodTemplateSpec, revision: number): Promise<V1ControllerRevision> {
    const { name, namespace } = owner.metadata ?? {};
    // A name that another template has taken gives way to the next one.
    for (let collisions = 0; ; collisions++) {
      const hash = templateHash(template, collisions);
      const wanted: V1ControllerRevision = {
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: {
          name: `${name}-${hash}`,
          namespace,
          labels: { ...template.metadata?.labels, [revisionHashLabel]: hash },
          annotations: owner.metadata?.annotations ?? {},
          ownerReferences: [controllerReference(this.#resource, owner)],
        },
        data: dataOf(template),
        revision,
      };
      try {
        return await this.#client.create(controllerrevisions, wanted);
      } catch (error) {
        if (!isStatus(error, 'AlreadyExists')) throw error;
        const existing = await this.#client.get(controllerrevisions, nameOf(wanted));
        const mine = existing.metadata?.ownerReferences?.some(({ uid }) => uid === owner.metadata?.uid);
        if (mine && same(existing.data, wanted.data)) return existing;
      }
    }
  }
}
