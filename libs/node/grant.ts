import type { V1Pod } from '../api/gen/types.ts';
import type { ObservedPod, PodNotes } from '../pods/observed.ts';
import { podAsApplied } from '../pods/resize.ts';
import { podAmounts } from '../pods/resources.ts';
import type { Refusal } from './admission.ts';

/** Why the node cannot give a pod more; undefined when it can. */
export type RefuseResize = (pod: V1Pod) => Refusal | undefined;

/** What the node grants one of its pods: what the pod asks for, or what it had while the node has no room for more. */
export class Grant {
  readonly #refuse: RefuseResize;
  #pod: V1Pod;
  #refusal: Refusal | undefined;

  constructor(pod: V1Pod, refuse: RefuseResize) {
    this.#pod = pod;
    this.#refuse = refuse;
  }

  /** The pod with the resources that it may have. */
  get pod(): V1Pod {
    return this.#pod;
  }

  /** Why it has not got what it asks for. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Decides again. Answers a refusal when it is another one than before. */
  settle(pod: V1Pod, observed: ObservedPod, notes: PodNotes): Refusal | undefined {
    const applied = podAsApplied(pod, observed, notes);
    const before = this.#refusal;
    this.#refusal = grows(applied, pod) ? this.#refuse(pod) : undefined;
    this.#pod = this.#refusal ? applied : pod;
    return this.#refusal?.reason === before?.reason ? undefined : this.#refusal;
  }
}

function grows(applied: V1Pod, wanted: V1Pod): boolean {
  const [had, asks] = [podAmounts(applied), podAmounts(wanted)];
  return asks.cpuRequest > had.cpuRequest || asks.memoryRequest > had.memoryRequest;
}
