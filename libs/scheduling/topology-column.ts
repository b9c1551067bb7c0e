/** One topology key: which domain each node lies in. */
export class TopologyColumn {
  readonly key: string;
  private readonly ids = new Map<string, number>();
  private readonly names: string[] = [];
  private population: number[] = [];
  private domain = new Int32Array(64).fill(-1);
  /** Domains with more than one node: none means that the key names single nodes, as a hostname does. */
  private shared = 0;

  constructor(key: string) {
    this.key = key;
  }

  /** -1 when the node lacks the label or does not exist. */
  domainOf(slot: number): number {
    return slot < this.domain.length ? this.domain[slot]! : -1;
  }

  nameOf(domain: number): string {
    return this.names[domain] ?? '';
  }

  get isPerNode(): boolean {
    return this.shared === 0;
  }

  set(slot: number, value: string | undefined): void {
    const before = this.domainOf(slot);
    const after = value === undefined ? -1 : this.idOf(value);
    if (before === after) return;
    if (slot >= this.domain.length) {
      const grown = new Int32Array(slot * 2).fill(-1);
      grown.set(this.domain);
      this.domain = grown;
    }
    this.domain[slot] = after;
    if (before >= 0 && --this.population[before]! === 1) this.shared--;
    if (after >= 0 && ++this.population[after]! === 2) this.shared++;
  }

  private idOf(value: string): number {
    let id = this.ids.get(value);
    if (id === undefined) {
      id = this.names.length;
      this.ids.set(value, id);
      this.names.push(value);
      this.population.push(0);
    }
    return id;
  }
}
