import type { V1Pod } from '../api/gen/types.ts';
import { currentSandbox, type ObservedPod } from '../pods/observed.ts';
import { factsOf, type WorkerDeps } from './deps.ts';
import type { PodFacts } from './fieldref.ts';
import { Grant, type RefuseResize } from './grant.ts';
import { Notes } from './notes.ts';
import { PodPaths } from './options.ts';
import { identity } from './starter.ts';

const graceSecondsDefault = 30;

/** Where a pod stands: its containers are kept running, being ended, ended, or all of it is removed. */
export type Stage = 'living' | 'ending' | 'ended' | 'gone';

/** Why a node ends a pod of its own accord; `graceMsMax` where the containers may not have all the time they asked for. */
export interface Verdict {
  reason: string;
  message: string;
  graceMsMax?: number;
  /** The node never took the pod. */
  rejected?: boolean;
}

/** What is known of one pod; shared by those who see to its life, its end and its reports. */
export class PodRecord {
  readonly deps: WorkerDeps;
  readonly notes = new Notes();
  readonly paths: PodPaths;
  readonly grant: Grant;
  stage: Stage = 'living';
  /** Why the node itself ends the pod. */
  verdict: Verdict | undefined;
  objectGone = false;
  pod: V1Pod;

  constructor(deps: WorkerDeps, pod: V1Pod, refuseResize: RefuseResize) {
    this.deps = deps;
    this.pod = pod;
    this.paths = new PodPaths(deps.paths, identity(pod));
    this.grant = new Grant(pod, refuseResize);
  }

  get uid(): string {
    return this.pod.metadata?.uid ?? '';
  }

  /** The pod's object is gone or on its way out. */
  get deleted(): boolean {
    return this.objectGone || this.pod.metadata?.deletionTimestamp !== undefined;
  }

  /** How long containers have to end. */
  get graceMs(): number {
    // An object removed without being marked first was removed by force.
    if (this.objectGone && this.pod.metadata?.deletionTimestamp === undefined) return 0;
    const asked = this.pod.metadata?.deletionGracePeriodSeconds ?? this.pod.spec?.terminationGracePeriodSeconds;
    const graceMs = (asked ?? graceSecondsDefault) * 1000;
    return Math.min(graceMs, this.verdict?.graceMsMax ?? graceMs);
  }

  get podIp(): string {
    return this.facts(this.pod).podIps[0] ?? '';
  }

  observed(): ObservedPod {
    return this.deps.view.pod(this.uid);
  }

  facts(pod: V1Pod): PodFacts {
    return factsOf(this.deps, pod, currentSandbox(this.observed())?.ips ?? []);
  }
}
