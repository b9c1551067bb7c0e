import type { ClassView } from './class-view.ts';
import type { Cluster } from './cluster.ts';
import { lacksOn, readable } from './lacks.ts';
import type { PodInfo } from './pod-info.ts';

/** A change that would let a pod fit; of several the one with the least cost is told. */
interface Change {
  cost: number;
  text(nodeName: string): string;
}

/** What it costs to change what a plugin rests on, beside shares of requests that are too much (0 to some). */
const costs: Readonly<Record<string, number>> = {
  NodeUnschedulable: 0.5,
  TaintToleration: 1,
  PodTopologySpread: 1.5,
  InterPodAffinity: 1.5,
  NodePorts: 1.5,
  NodeAffinity: 2,
  NodeName: 3,
};
const otherCost = 2;

/** The smallest change that would let a pod fit where nodes refuse it: of its requests, of its rules, or of a node. */
export function remedyFor(info: PodInfo, view: ClassView, cluster: Cluster): string | undefined {
  const { table } = cluster;
  let best: { cost: number; text: string } | undefined;
  for (let slot = 0; slot < table.size; slot++) {
    if (!table.exists(slot)) continue;
    const changes = view.refusalsOf(slot).map(({ name, refusal }) => changeFor(name, refusal, { info, slot, cluster }));
    const cost = changes.reduce((sum, change) => sum + change.cost, 0);
    if (changes.length === 0 || (best !== undefined && cost >= best.cost)) continue;
    const nodeName = table.names[slot]!;
    const text = changes.map((change) => change.text(nodeName)).join(' and ');
    best = { cost, text: `${text} it would fit on ${nodeName}` };
  }
  return best?.text;
}

interface Place {
  info: PodInfo;
  slot: number;
  cluster: Cluster;
}

function changeFor(plugin: string, refusal: string, { info, slot, cluster }: Place): Change {
  const lacks = plugin === 'NodeResourcesFit' ? lacksOn(info, slot, cluster) : [];
  if (lacks.length > 0) {
    const less = lacks.map(({ resource, short }) => `${readable(resource, short)} less ${resource}`);
    return {
      cost: lacks.reduce((sum, { short, wanted }) => sum + short / wanted, 0),
      text: () => `with ${less.join(' and ')}`,
    };
  }
  return { cost: costs[plugin] ?? otherCost, text: (nodeName) => wordsFor(plugin, refusal, nodeName) };
}

function wordsFor(plugin: string, refusal: string, nodeName: string): string {
  const taint = /\{.*\}/.exec(refusal)?.[0];
  switch (plugin) {
    case 'NodeUnschedulable':
      return `with ${nodeName} uncordoned`;
    case 'TaintToleration':
      return `with a toleration for ${taint ?? 'the taint'}`;
    case 'NodeAffinity':
      return `with the labels that it asks for on ${nodeName}`;
    case 'NodeName':
      return 'without the name of another node';
    case 'NodePorts':
      return 'with other host ports';
    case 'PodTopologySpread':
      return 'with a wider spread';
    case 'InterPodAffinity':
      return 'with looser rules about pods near it';
    default:
      return `without what ${plugin} asks for`;
  }
}
