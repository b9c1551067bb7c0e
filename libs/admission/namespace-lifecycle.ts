import type { V1Namespace } from '../api/gen/types.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { forbidden, notFound } from '../registry/errors.ts';
import type { AdmissionPlugin } from './chain.ts';

/** Nothing is created in a namespace that does not exist or is going away. */
export function namespaceLifecycle(mirror: StoreMirror): AdmissionPlugin {
  const namespaces = mirror.collection('', 'namespaces');
  const check = (name: string, plural: { group: string; plural: string }, object: string) => {
    const namespace = namespaces.get(name)?.object as V1Namespace | undefined;
    if (!namespace) return false;
    if (namespace.metadata?.deletionTimestamp) {
      const error = forbidden(
        plural,
        object,
        `unable to create new content in namespace ${name} because it is being terminated`,
      );
      const message = `namespace ${name} is being terminated`;
      const cause = { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' };
      if (error.details) error.details.causes = [...(error.details.causes ?? []), cause];
      throw error;
    }
    return true;
  };
  return {
    name: 'NamespaceLifecycle',
    admit({ operation, definition, at, object }) {
      if (operation !== 'create' || !definition.namespaced || !at.namespace) return undefined;
      const { namespace } = at;
      const name = object?.metadata?.name ?? '';
      if (check(namespace, definition, name)) return undefined;
      return mirror.current().then(() => {
        if (!check(namespace, definition, name)) throw notFound({ group: '', plural: 'namespaces' }, namespace);
      });
    },
  };
}
