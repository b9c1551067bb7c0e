import { containsIp, formatIp, hasHostBits, parseCidr, parseIp } from './addresses.ts';

describe('IP addresses', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1::', '2001:db8:0:0:1::'],
    ['fe80::1', 'fe80::1'],
  ])('%s is %s', (text, canonical) => {
    const parsed = parseIp(text);
    expect(parsed && formatIp(parsed)).toBe(canonical);
  });

  it.each(['', '10.0.0', '10.0.0.256', '10.0.0.1.1', '1::2::3', ':::', '12345::', 'a.b.c.d', '10.0.0.1/8'])(
    '%p is none',
    (text) => expect(parseIp(text)).toBeUndefined(),
  );
});

describe('ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/32', '10.0.0.0', true],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', '10.0.0.1', false],
  ])('%s and %s', (range, address, inside) => {
    expect(containsIp(parseCidr(range)!, parseIp(address)!)).toBe(inside);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/a', '/8'])('%p is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('tell whether an address was meant', () => {
    expect(hasHostBits(parseCidr('10.0.0.1/24')!)).toBe(true);
    expect(hasHostBits(parseCidr('10.0.0.0/24')!)).toBe(false);
  });
});
