/** The blocks of a cluster's pod network, one for each node. IPv4. */
export class BlockPool {
  readonly #base: number;
  readonly #blockBits: number;
  readonly #size: number;
  readonly #owners = new Map<number, string>();
  readonly #blocks = new Map<string, number>();
  /** No block below this one is free. */
  #lowest = 0;

  /** @throws Error when `clusterCidr` is not IPv4 in CIDR notation or smaller than one block. */
  constructor(clusterCidr: string, nodeMaskBits: number) {
    const [, address = '', bits = ''] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(clusterCidr) ?? [];
    const clusterBits = Number(bits);
    if (address === '' || clusterBits > nodeMaskBits || nodeMaskBits > 30) {
      throw new Error(`pod network ${clusterCidr} cannot be divided in blocks of /${nodeMaskBits}`);
    }
    this.#blockBits = nodeMaskBits;
    this.#size = 2 ** (nodeMaskBits - clusterBits);
    const mask = clusterBits === 0 ? 0 : (0xffffffff << (32 - clusterBits)) >>> 0;
    this.#base = (numberOf(address) & mask) >>> 0;
  }

  /** Notes that `owner` has the block. What lies outside the pool is nobody's business here. */
  occupy(cidr: string, owner: string): void {
    const index = this.#indexOf(cidr);
    if (index !== undefined) this.#take(index, owner);
  }

  release(owner: string): void {
    const index = this.#blocks.get(owner);
    if (index === undefined) return;
    this.#blocks.delete(owner);
    // Somebody else may show the same block: it is free once the last one has gone.
    if (this.#owners.get(index) !== owner) return;
    this.#owners.delete(index);
    this.#lowest = Math.min(this.#lowest, index);
  }

  /** The lowest free block, now the owner's; what the owner has already comes first. Undefined when all are taken. */
  allocate(owner: string): string | undefined {
    const held = this.#blocks.get(owner);
    if (held !== undefined) return this.#cidr(held);
    while (this.#lowest < this.#size && this.#owners.has(this.#lowest)) this.#lowest++;
    if (this.#lowest === this.#size) return undefined;
    const index = this.#lowest;
    this.#take(index, owner);
    return this.#cidr(index);
  }

  #take(index: number, owner: string): void {
    const before = this.#blocks.get(owner);
    if (before !== undefined && before !== index) this.release(owner);
    this.#owners.set(index, owner);
    this.#blocks.set(owner, index);
  }

  #cidr(index: number): string {
    const address = this.#base + index * 2 ** (32 - this.#blockBits);
    return `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')}/${this.#blockBits}`;
  }

  #indexOf(cidr: string): number | undefined {
    const [address = '', bits] = cidr.split('/');
    const index = (numberOf(address) - this.#base) / 2 ** (32 - this.#blockBits);
    return Number(bits) === this.#blockBits && Number.isInteger(index) && index >= 0 && index < this.#size
      ? index
      : undefined;
  }
}

function numberOf(address: string): number {
  return address.split('.').reduce((total, part) => total * 256 + Number(part), 0);
}
