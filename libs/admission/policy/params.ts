import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1ParamKind, V1ParamRef } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { labelSelectorOf } from '../../api/selectors/label-selector.ts';
import { matchesLabels } from '../../api/selectors/requirement.ts';
import type { StoreMirror } from '../../cache/mirror.ts';

/** A policy or binding that cannot be put to use as it is. */
export class ConfigurationError extends Error {}

export interface ParamParts {
  readonly mirror: StoreMirror;
  /** The resource that serves a kind. */
  definitionOf(apiVersion: string, kind: string): ResourceDefinition | undefined;
}

interface Asked {
  readonly kind: V1ParamKind | undefined;
  readonly ref: V1ParamRef | undefined;
  /** Of the request; undefined when that is about no namespace. */
  readonly namespace: string | undefined;
}

/** The parameters that a binding names: each is to be looked at on its own. @throws ConfigurationError. */
export function paramsFor(parts: ParamParts, { kind, ref, namespace }: Asked): ReadonlyArray<KubeObject | undefined> {
  if (!kind || !ref) return [undefined];
  const definition = parts.definitionOf(kind.apiVersion ?? '', kind.kind ?? '');
  if (!definition) {
    const shown = `${kind.apiVersion}, Kind=${kind.kind}`;
    throw new ConfigurationError(`failed to find resource referenced by paramKind: '${shown}'`);
  }
  const within = paramNamespace(definition, ref, namespace);
  const found = ref.name
    ? [read(parts, definition, within === undefined ? ref.name : `${within}/${ref.name}`)].filter(
        (one) => one !== undefined,
      )
    : selected(parts, definition, { ref, within });
  if (found.length > 0 || ref.parameterNotFoundAction === 'Allow') return found;
  throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
}

function paramNamespace(
  { namespaced }: ResourceDefinition,
  ref: V1ParamRef,
  namespace: string | undefined,
): string | undefined {
  if (!namespaced) {
    if (!ref.namespace) return undefined;
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const within = ref.namespace || namespace;
  if (within) return within;
  throw new ConfigurationError(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}

function collectionOf({ mirror }: ParamParts, definition: ResourceDefinition) {
  const { group, plural } = definition.storedAs?.resource ?? definition;
  return mirror.collection(group, plural);
}

function shown({ storedAs }: ResourceDefinition, object: KubeObject): KubeObject {
  return storedAs ? storedAs.fromStored(object) : object;
}

function read(parts: ParamParts, definition: ResourceDefinition, key: string): KubeObject | undefined {
  const object = collectionOf(parts, definition).get(key)?.object;
  return object && shown(definition, object);
}

function selected(
  parts: ParamParts,
  definition: ResourceDefinition,
  { ref, within }: { ref: V1ParamRef; within: string | undefined },
): KubeObject[] {
  const selector = labelSelectorOf(ref.selector ?? {});
  const documents = collectionOf(parts, definition).list({ namespace: within });
  return Array.from(documents, ([, document]) => document.object)
    .filter((object) => matchesLabels(selector, object.metadata?.labels ?? {}))
    .map((object) => shown(definition, object));
}
