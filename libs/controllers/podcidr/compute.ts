/** The blocks of a cluster's pod network, one for each node. IPv4. */
export class BlockPool {
  readonly #base: number;
  readonly #blockBits: number;
  readonly #size: number;
  readonly #taken = new Map<number, string>();

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
    if (index !== undefined) this.#taken.set(index, owner);
  }

  release(owner: string): void {
    for (const [index, holder] of this.#taken) if (holder === owner) this.#taken.delete(index);
  }

  /** The lowest free block, now the owner's; what the owner has already comes first. Undefined when all are taken. */
  allocate(owner: string): string | undefined {
    for (const [index, holder] of this.#taken) if (holder === owner) return this.#cidr(index);
    for (let index = 0; index < this.#size; index++) {
      if (this.#taken.has(index)) continue;
      this.#taken.set(index, owner);
      return this.#cidr(index);
    }
    return undefined;
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
