import type { LabelSelector } from '../api/selectors/requirement.ts';
import { matchesLabels } from '../api/selectors/requirement.ts';
import { type CountedNodes, NodeCounter } from './node-counter.ts';

export type Labels = Readonly<Record<string, string>>;

/** Which pods a rule speaks of. */
export interface PodTerm {
  readonly id: number;
  readonly definition: TermDefinition;
  /** How many of them run on each node. */
  readonly placed: NodeCounter;
  /** Grows when rules about these pods come into being. */
  version: number;
}

export interface TermDefinition {
  /** Names of namespaces; pods of others match only through `namespaceSelector`. */
  namespaces: readonly string[];
  namespaceSelector?: LabelSelector;
  selector: LabelSelector;
  /** Only pods of this controller. */
  controllerUid?: string;
  /** Only pods that are not on their way out. */
  isStaying?: true;
  /** Only pods that match these as well. */
  also?: readonly TermDefinition[];
}

/**
 * Pods that no selector can tell apart: same namespace, labels and controller. Selectors are matched once for a class
 * and not for each pod.
 */
export interface LabelClass {
  readonly namespace: string;
  readonly labels: Labels;
  readonly controllerUid: string;
  /** Terms that match these pods; replaced when it changes. */
  terms: readonly PodTerm[];
  /** Identity of `terms`: classes with equal ones are alike to every rule. */
  termsKey: string;
  /** Placed pods of the class by node slot, and those of them that are on their way out. */
  readonly placed: Map<number, number>;
  readonly leaving: Map<number, number>;
  /** Pods, placed or waiting, that refer to it. */
  users: number;
}

/** Matches terms with label classes and keeps the terms' counts. */
export class LabelClasses {
  private readonly classes = new Map<string, LabelClass>();
  private readonly terms = new Map<string, PodTerm>();
  private readonly namespaces = new Map<string, Labels>();
  private readonly nodes: CountedNodes;
  private nextTermId = 1;
  /** Grows when pods that were alike to every rule may no longer be. */
  version = 0;

  constructor(nodes: CountedNodes) {
    this.nodes = nodes;
  }

  /** The class of a pod; each call is to be answered by one `release`. */
  use(namespace: string, labels: Labels, controllerUid: string): LabelClass {
    const key = `${namespace}\n${controllerUid}\n${JSON.stringify(labels)}`;
    let found = this.classes.get(key);
    if (found === undefined) {
      found = {
        namespace,
        labels,
        controllerUid,
        terms: [],
        termsKey: '',
        placed: new Map(),
        leaving: new Map(),
        users: 0,
      };
      this.classes.set(key, found);
      this.setTerms(
        found,
        [...this.terms.values()].filter((term) => this.matches(term.definition, found!)),
      );
    }
    found.users++;
    return found;
  }

  release(used: LabelClass): void {
    if (--used.users > 0) return;
    this.classes.delete(`${used.namespace}\n${used.controllerUid}\n${JSON.stringify(used.labels)}`);
  }

  /** The one term with this definition, counted from now on. */
  term(definition: TermDefinition): PodTerm {
    const key = JSON.stringify(definition);
    const known = this.terms.get(key);
    if (known !== undefined) return known;
    const term: PodTerm = { id: this.nextTermId++, definition, placed: new NodeCounter(this.nodes), version: 0 };
    this.terms.set(key, term);
    for (const each of this.classes.values()) {
      if (!this.matches(definition, each)) continue;
      this.version++;
      this.setTerms(each, [...each.terms, term]);
      this.countAll(each, [term], 1);
    }
    return term;
  }

  get termCount(): number {
    return this.terms.size;
  }

  /** Stops counting for terms that no rule asks about any more. */
  keepTerms(kept: ReadonlySet<PodTerm>): void {
    for (const [key, term] of this.terms) {
      if (kept.has(term)) continue;
      this.terms.delete(key);
      term.placed.dispose();
    }
    for (const each of this.classes.values()) {
      const terms = each.terms.filter((term) => kept.has(term));
      if (terms.length < each.terms.length) this.setTerms(each, terms);
    }
  }

  /** Says that there is a new rule about the term's pods: they are no longer what they were to the plugins. */
  termChanged(term: PodTerm): void {
    term.version++;
    this.version++;
    for (const each of this.classes.values()) if (each.terms.includes(term)) this.setTerms(each, each.terms);
  }

  /** Counts pods of the class that came to a node, or left it when `count` is negative. */
  place(placed: LabelClass, slot: number, { count, isLeaving }: { count: number; isLeaving: boolean }): void {
    add(placed.placed, slot, count);
    if (isLeaving) add(placed.leaving, slot, count);
    for (const term of placed.terms) if (!isLeaving || !term.definition.isStaying) term.placed.add(slot, count);
  }

  private countAll({ placed, leaving }: LabelClass, terms: readonly PodTerm[], sign: 1 | -1): void {
    for (const [slot, count] of placed) {
      const staying = count - (leaving.get(slot) ?? 0);
      for (const { placed: counter, definition } of terms) {
        counter.add(slot, sign * (definition.isStaying ? staying : count));
      }
    }
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (JSON.stringify(this.namespaces.get(name)) === JSON.stringify(labels)) return;
    if (labels === undefined) this.namespaces.delete(name);
    else this.namespaces.set(name, labels);
    this.version++;
    for (const each of this.classes.values()) if (each.namespace === name) this.match(each);
  }

  matches(term: TermDefinition, pods: Pick<LabelClass, 'namespace' | 'labels' | 'controllerUid'>): boolean {
    if (term.controllerUid !== undefined && term.controllerUid !== pods.controllerUid) return false;
    if (term.also !== undefined && !term.also.every((each) => this.matches(each, pods))) return false;
    if (!term.namespaces.includes(pods.namespace)) {
      const selector = term.namespaceSelector;
      if (selector === undefined) return false;
      if (!matchesLabels(selector, this.namespaces.get(pods.namespace) ?? {})) return false;
    }
    return matchesLabels(term.selector, pods.labels);
  }

  private match(pods: LabelClass): void {
    const terms = [...this.terms.values()].filter((term) => this.matches(term.definition, pods));
    this.countAll(pods, pods.terms, -1);
    this.countAll(pods, terms, 1);
    this.setTerms(pods, terms);
  }

  private setTerms(pods: LabelClass, terms: readonly PodTerm[]): void {
    pods.terms = terms;
    pods.termsKey = [...terms]
      .sort((a, b) => a.id - b.id)
      .map(({ id, version }) => `${id}.${version}`)
      .join(',');
  }
}

function add(counts: Map<number, number>, slot: number, count: number): void {
  const sum = (counts.get(slot) ?? 0) + count;
  if (sum === 0) counts.delete(slot);
  else counts.set(slot, sum);
}
