import type { V1Pod } from '../../api/gen/types.ts';
import type { ProbeOutcome } from '../../pods/probe.ts';
import type { Family } from '../stats/text.ts';
import type { ProbeKind } from './prober.ts';

const kinds: Record<ProbeKind, string> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };
const results: Record<ProbeOutcome, string> = { success: 'successful', failure: 'failed', unknown: 'unknown' };

type Sample = Family['samples'][number];

/** How often each probe of the pods on this node was made, and what came of it: `/metrics/probes`. */
export class ProbeTally {
  /** By pod's uid, then by everything else that tells one count from another. */
  readonly #pods = new Map<string, Map<string, Sample>>();

  add({ metadata }: V1Pod, container: string, kind: ProbeKind, outcome: ProbeOutcome): void {
    const { uid = '', name = '', namespace = '' } = metadata ?? {};
    const counts = this.#pods.get(uid) ?? new Map<string, Sample>();
    this.#pods.set(uid, counts);
    const key = `${container} ${kind} ${outcome}`;
    const [probe_type, result] = [kinds[kind], results[outcome]];
    const before = counts.get(key) ?? {
      labels: { container, namespace, pod: name, pod_uid: uid, probe_type, result },
      value: 0,
    };
    counts.set(key, { ...before, value: before.value + 1 });
  }

  /** The pod is probed no more. */
  forget(uid: string): void {
    this.#pods.delete(uid);
  }

  families(): Family[] {
    const samples = [...this.#pods.values()].flatMap((counts) => [...counts.values()]);
    return [{ name: 'prober_probe_total', help: 'Probes of containers by their result.', type: 'counter', samples }];
  }
}
