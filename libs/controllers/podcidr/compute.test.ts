import { BlockPool } from './compute.ts';

describe('BlockPool', () => {
  it('gives the lowest free block, and the same one again to the same node', () => {
    const pool = new BlockPool('10.244.0.0/16', 24);
    expect(['a', 'b', 'a', 'c'].map((node) => pool.allocate(node))).toEqual([
      '10.244.0.0/24',
      '10.244.1.0/24',
      '10.244.0.0/24',
      '10.244.2.0/24',
    ]);
    pool.release('b');
    expect(pool.allocate('d')).toBe('10.244.1.0/24');
  });

  it('never gives what a node has already', () => {
    const pool = new BlockPool('10.244.0.0/22', 24);
    for (const [at, node] of ['a', 'b', 'c'].entries()) pool.occupy(`10.244.${at}.0/24`, node);
    pool.occupy('192.168.0.0/24', 'stranger');
    expect([pool.allocate('d'), pool.allocate('e')]).toEqual(['10.244.3.0/24', undefined]);
  });

  it('keeps a block that two nodes show for the one that is left', () => {
    const pool = new BlockPool('10.244.0.0/24', 24);
    for (const owner of ['a', 'b']) pool.occupy('10.244.0.0/24', owner);
    pool.release('a');
    expect(pool.allocate('c')).toBeUndefined();
    pool.release('b');
    expect(pool.allocate('c')).toBe('10.244.0.0/24');
  });

  it('gives a block that has become free to whoever asks next', () => {
    const pool = new BlockPool('10.244.0.0/23', 24);
    expect([pool.allocate('a'), pool.allocate('b'), pool.allocate('c')].at(-1)).toBeUndefined();
    for (const owner of ['c', 'a']) pool.release(owner);
    expect(pool.allocate('c')).toBe('10.244.0.0/24');
  });

  it('lets a node that shows another block than it was given have that one alone', () => {
    const pool = new BlockPool('10.244.0.0/23', 24);
    pool.allocate('a');
    pool.occupy('10.244.1.0/24', 'a');
    expect([pool.allocate('b'), pool.allocate('c')]).toEqual(['10.244.0.0/24', undefined]);
  });

  it.each(['10.244.0.0/25', 'fd00::/48', '10.244.0.0'])('refuses %s', (cidr) => {
    expect(() => new BlockPool(cidr, 24)).toThrow(cidr);
  });
});
