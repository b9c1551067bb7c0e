import type { V1Namespace } from '../../api/gen/types.ts';
import { forbidden } from '../errors.ts';
import type { Behaviour } from '../parts.ts';

const lasting = new Set(['default', 'kube-system', 'kube-public']);

/** A namespace stays until its content is gone, which the namespace controller says through spec.finalizers. */
export const namespaceBehaviour: Behaviour = {
  returnsDeleted: true,
  onlyMarked: true,
  heldBack: (object) => ((object as V1Namespace).spec?.finalizers?.length ?? 0) > 0,
  markDeleted(draft) {
    const namespace = draft as V1Namespace;
    namespace.status = { ...namespace.status, phase: 'Terminating' };
  },
  carry: {
    // Labels and the like may change with it, as upstream lets them.
    finalize(draft, previous) {
      (draft as V1Namespace).status = (previous as V1Namespace).status;
    },
  },
  checkDelete(object) {
    const name = object.metadata?.name ?? '';
    if (lasting.has(name)) {
      throw forbidden({ group: '', plural: 'namespaces' }, name, 'this namespace may not be deleted');
    }
  },
};
