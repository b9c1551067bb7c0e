import type {
  V1LabelSelector,
  V1Node,
  V1Pod,
  V1PodAffinityTerm,
  V1TopologySpreadConstraint,
} from '../../libs/api/gen/types.ts';

/**
 * Says whether a node is right for a pod, straight from the documentation's words and by looking at every pod and node:
 * slow, and sharing nothing with the scheduler. For the simple quantities that the tests use.
 */
export class PlacementChecker {
  private readonly nodes: readonly V1Node[];
  private readonly running: readonly V1Pod[];

  constructor(nodes: readonly V1Node[], running: readonly V1Pod[]) {
    this.nodes = nodes;
    this.running = running;
  }

  /** Names of the rules that the node breaks. */
  violations(pod: V1Pod, node: V1Node): string[] {
    const checks: Record<string, boolean> = {
      resources: this.hasRoom(pod, node),
      taints: (node.spec?.taints ?? []).every(
        (taint) => taint.effect === 'PreferNoSchedule' || pod.spec?.tolerations?.some(({ key }) => key === taint.key),
      ),
      cordon: !node.spec?.unschedulable,
      selector: Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labelsOf(node)[key] === value),
      ports: this.portsFree(pod, node),
      affinity: this.affinityHolds(pod, node),
      antiAffinity: this.antiAffinityHolds(pod, node),
      spread: (pod.spec?.topologySpreadConstraints ?? []).every((each) => this.spreadHolds(pod, node, each)),
    };
    return Object.keys(checks).filter((name) => !checks[name]);
  }

  private on(node: V1Node): V1Pod[] {
    return this.running.filter(({ spec }) => spec?.nodeName === node.metadata?.name);
  }

  private hasRoom(pod: V1Pod, node: V1Node): boolean {
    const all = [...this.on(node), pod];
    const free = node.status?.allocatable ?? {};
    const sum = (resource: string) => all.reduce((total, each) => total + requested(each, resource), 0);
    return (
      all.length <= Number(free.pods) &&
      ['cpu', 'memory'].every((resource) => sum(resource) <= thousandths(free[resource]))
    );
  }

  private portsFree(pod: V1Pod, node: V1Node): boolean {
    const taken = this.on(node).flatMap(hostPorts);
    return hostPorts(pod).every((port) => !taken.includes(port));
  }

  private sameDomain(key: string, node: V1Node): V1Pod[] {
    const domain = labelsOf(node)[key];
    const names = this.nodes.filter((each) => labelsOf(each)[key] === domain).map(({ metadata }) => metadata?.name);
    return domain === undefined ? [] : this.running.filter(({ spec }) => names.includes(spec?.nodeName));
  }

  private affinityHolds(pod: V1Pod, node: V1Node): boolean {
    const terms = pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    if (terms.length === 0) return true;
    const meetsAll = (other: V1Pod) => terms.every((term) => concerns(term, pod, other));
    const existing = this.running
      .filter(meetsAll)
      .filter(({ spec }) => this.nodes.some((each) => each.metadata?.name === spec?.nodeName));
    if (!terms.every(({ topologyKey }) => labelsOf(node)[topologyKey] !== undefined)) return false;
    const isFirst = meetsAll(pod) && !existing.some((other) => this.lies(other, terms));
    return isFirst || terms.every(({ topologyKey }) => this.sameDomain(topologyKey, node).some(meetsAll));
  }

  /** Whether the pod's node has a domain in some topology of the terms. */
  private lies(pod: V1Pod, terms: readonly V1PodAffinityTerm[]): boolean {
    const node = this.nodes.find(({ metadata }) => metadata?.name === pod.spec?.nodeName);
    return node !== undefined && terms.some(({ topologyKey }) => labelsOf(node)[topologyKey] !== undefined);
  }

  private antiAffinityHolds(pod: V1Pod, node: V1Node): boolean {
    const own = antiTerms(pod).some((term) =>
      this.sameDomain(term.topologyKey, node).some((other) => concerns(term, pod, other)),
    );
    const theirs = this.running.some((other) =>
      antiTerms(other).some(
        (term) => concerns(term, other, pod) && this.sameDomain(term.topologyKey, node).includes(other),
      ),
    );
    return !own && !theirs;
  }

  private spreadHolds(pod: V1Pod, node: V1Node, constraint: V1TopologySpreadConstraint): boolean {
    if (constraint.whenUnsatisfiable !== 'DoNotSchedule') return true;
    const { topologyKey, labelSelector, maxSkew } = constraint;
    const domain = labelsOf(node)[topologyKey];
    if (domain === undefined) return false;
    const keys = (pod.spec?.topologySpreadConstraints ?? []).map((each) => each.topologyKey);
    const eligible = this.nodes.filter(
      (each) =>
        keys.every((key) => labelsOf(each)[key] !== undefined) &&
        Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labelsOf(each)[key] === value),
    );
    const counts = new Map<string, number>();
    for (const each of eligible) {
      const count = this.on(each).filter((other) => inNamespaceOf(pod, other) && selects(labelSelector, other)).length;
      const name = labelsOf(each)[topologyKey]!;
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
    const least = counts.size < (constraint.minDomains ?? 0) ? 0 : Math.min(...counts.values());
    const self = selects(labelSelector, pod) ? 1 : 0;
    return (counts.get(domain) ?? 0) + self - least <= maxSkew;
  }
}

const labelsOf = (object: V1Node | V1Pod): Record<string, string> => object.metadata?.labels ?? {};
const antiTerms = (pod: V1Pod) =>
  pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
const inNamespaceOf = (one: V1Pod, other: V1Pod) => one.metadata?.namespace === other.metadata?.namespace;

function selects(selector: V1LabelSelector | undefined, pod: V1Pod): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labelsOf(pod)[key] === value);
}

/** Whether a term of `holder` speaks of `other`. */
function concerns(term: V1PodAffinityTerm, holder: V1Pod, other: V1Pod): boolean {
  return (term.namespaceSelector !== undefined || inNamespaceOf(holder, other)) && selects(term.labelSelector, other);
}

/** Whole thousandths, so that sums are exact. */
function thousandths(quantity = '0'): number {
  if (quantity.endsWith('Mi')) return Number(quantity.slice(0, -2)) * 2 ** 20 * 1000;
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}

function requested(pod: V1Pod, resource: string): number {
  const containers = pod.spec?.containers ?? [];
  return containers.reduce((sum, { resources }) => sum + thousandths(resources?.requests?.[resource]), 0);
}

function hostPorts(pod: V1Pod): number[] {
  return (pod.spec?.containers ?? []).flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort }) => (hostPort ? [hostPort] : [])),
  );
}
