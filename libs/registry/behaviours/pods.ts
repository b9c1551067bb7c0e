import type { V1Pod } from '../../api/gen/types.ts';
import type { Behaviour } from '../parts.ts';

const graceSecondsDefault = 30;

/** Pods leave in their own time once they are on a node; the node's agent takes them away. */
export const podBehaviour: Behaviour = {
  returnsDeleted: true,
  gracePeriodSeconds(object, request) {
    const pod = object as V1Pod;
    const finished = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
    if (!pod.spec?.nodeName || finished) return 0;
    const asked = request.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? graceSecondsDefault;
    const underway = pod.metadata?.deletionTimestamp ? pod.metadata.deletionGracePeriodSeconds : undefined;
    if (underway === undefined) return asked;
    return request.gracePeriodSeconds === undefined ? underway : Math.min(asked, underway);
  },
};
