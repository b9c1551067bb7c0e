import type { V1Pod } from '../../api/gen/types.ts';
import { type QosClass, qosClassOf } from '../../pods/qos.ts';
import { cpuSharesMin, type PodAmounts, podAmounts, quotaOf, sharesOf } from '../../pods/resources.ts';
import type { CgroupTree } from './cgroups.ts';

const tiers: Record<QosClass, string> = { Guaranteed: '', Burstable: '/burstable', BestEffort: '/besteffort' };
/** No pod may fill the machine's process table. */
const podPidsMax = 32_768;

/** The larger of two limits, none being the largest. */
function larger(first: number | undefined, second: number | undefined): number | undefined {
  return first === undefined || second === undefined ? undefined : Math.max(first, second);
}

/** The node's pod cgroups: kubepods with the node's limits, a tier per quality of service, a group per pod. */
export class PodCgroups {
  readonly #tree: CgroupTree;
  readonly #root: string;
  readonly #burstableMillis = new Map<string, number>();
  #burstableShares = cpuSharesMin;
  #nodeQuotaUs = 0;

  constructor(tree: CgroupTree, parent: string) {
    this.#tree = tree;
    this.#root = `${parent.replace(/\/$/, '')}/kubepods`;
  }

  get root(): string {
    return this.#root;
  }

  /**
   * What each container's own group gets on cgroup v2: an OOM ends all of it rather than one process of many, and
   * memory beyond its limit does not hide in the machine's swap. Source: kernel, Documentation/admin-guide/cgroup-v2.
   */
  get containerFiles(): Readonly<Record<string, string>> | undefined {
    if (this.#tree.version === 1) return undefined;
    const swap: Record<string, string> = this.#tree.limitsSwap(this.#root) ? { 'memory.swap.max': '0' } : {};
    return { 'memory.oom.group': '1', ...swap };
  }

  setUpNode(node: { cpuMillis: number; memoryBytes: number }): void {
    this.#nodeQuotaUs = quotaOf(node.cpuMillis);
    this.#tree.ensure(this.#root, {
      cpuShares: sharesOf(node.cpuMillis),
      cpuQuotaUs: this.#nodeQuotaUs,
      memoryBytes: node.memoryBytes,
    });
    this.#tree.ensure(`${this.#root}/burstable`, { cpuShares: cpuSharesMin });
    this.#tree.ensure(`${this.#root}/besteffort`, { cpuShares: cpuSharesMin });
  }

  /**
   * The quota of a pod or container with this CPU limit; 0 without one. cgroup v1 refuses a quota above that of the
   * node, which bounds it anyway.
   */
  cpuQuotaUs(limitMillis: number | undefined): number {
    const quotaUs = quotaOf(limitMillis);
    const bounded = this.#tree.version === 1 && this.#nodeQuotaUs > 0 && quotaUs >= this.#nodeQuotaUs;
    return bounded ? 0 : quotaUs;
  }

  pathOf(uid: string, qos: QosClass): string {
    return `${this.#root}${tiers[qos]}/pod${uid}`;
  }

  /** Makes the pod's cgroup and sets its limits; answers its path, which is the parent of its containers'. */
  ensure(pod: V1Pod): string {
    return this.#set(pod, podAmounts(pod));
  }

  /** Lets the pod have what it asks for and what it had before, whichever is more. */
  widen(pod: V1Pod, before: V1Pod): void {
    const [now, then] = [podAmounts(pod), podAmounts(before)];
    this.#set(pod, {
      cpuRequest: Math.max(now.cpuRequest, then.cpuRequest),
      memoryRequest: Math.max(now.memoryRequest, then.memoryRequest),
      cpuLimit: larger(now.cpuLimit, then.cpuLimit),
      memoryLimit: larger(now.memoryLimit, then.memoryLimit),
    });
  }

  #set(pod: V1Pod, amounts: PodAmounts): string {
    const uid = pod.metadata?.uid ?? '';
    const qos = qosClassOf(pod);
    const path = this.pathOf(uid, qos);
    this.#tree.ensure(path, {
      cpuShares: qos === 'BestEffort' ? cpuSharesMin : sharesOf(amounts.cpuRequest),
      cpuQuotaUs: this.cpuQuotaUs(amounts.cpuLimit),
      memoryBytes: amounts.memoryLimit ?? 0,
      pidsMax: podPidsMax,
    });
    if (qos === 'Burstable') this.#burstableMillis.set(uid, amounts.cpuRequest);
    this.#balance();
    return path;
  }

  /** True when nothing of it is left. */
  remove(uid: string): boolean {
    this.#burstableMillis.delete(uid);
    this.#balance();
    return Object.values(tiers).every((tier) => this.#tree.remove(`${this.#root}${tier}/pod${uid}`));
  }

  /** The uids that there are groups for. */
  list(): string[] {
    return Object.values(tiers).flatMap((tier) =>
      this.#tree
        .children(this.#root + tier)
        .filter((name) => name.startsWith('pod'))
        .map((name) => name.slice('pod'.length)),
    );
  }

  /** All burstable pods together get the shares that they asked for together. */
  #balance(): void {
    let millis = 0;
    for (const amount of this.#burstableMillis.values()) millis += amount;
    const shares = sharesOf(millis);
    if (shares === this.#burstableShares) return;
    this.#burstableShares = shares;
    this.#tree.ensure(`${this.#root}/burstable`, { cpuShares: shares });
  }
}
