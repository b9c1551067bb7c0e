import type { V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';
import { makePod } from './make-pod.ts';
import { withSpec } from './placement.ts';

/** A pod of a priority, labelled `app` with the first letter of its name. */
export const podOf = (name: string, priority: number, cpu: string, spec: Partial<V1PodSpec> = {}): V1Pod =>
  withSpec(makePod(name).labels({ app: name[0]! }).requests(cpu, '64Mi').build(), { priority, ...spec });

/** The pod on a node. */
export const on = (node: string, each: V1Pod): V1Pod => withSpec(each, { nodeName: node });
