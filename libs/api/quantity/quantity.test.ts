import { isQuantity, milliValue, quantityOfBytes, quantityOfMillis, wholeValue } from './amounts.ts';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  subtractQuantities,
  writeQuantity,
} from './quantity.ts';

describe('canonical form', () => {
  test.each([
    ['0', '0'],
    ['0Ki', '0'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.', '1.'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['1048576Ki', '1Gi'],
    ['1023Ki', '1023Ki'],
    ['0.5Ki', '512'],
    ['0.1m', '100u'],
    ['0.0001n', '1n'],
    ['1e3', '1e3'],
    ['1E4', '10e3'],
    ['12e6', '12e6'],
    ['2000', '2k'],
    ['250000000', '250M'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['9Ei', '9223372036854775807'],
    ['-1.5Gi', '-1536Mi'],
    ['1.234', '1.234'],
    ['+1', '+1'],
    [1, '1'],
    [0.5, '500m'],
    [' 64Mi ', '64Mi'],
  ])('%p is written %p', (value, expected) => {
    expect(canonicalQuantity(value)).toBe(expected);
  });

  test.each(['', 'abc', '1K', '1ki', '1mi', '1.2.3', '--1', '1e', 'Gi', '1m1', '1 Gi', '1e999999999'])(
    '%p is refused',
    (text) => {
      expect(() => canonicalQuantity(text)).toThrow(/quantit/);
      expect(isQuantity(text)).toBe(false);
    },
  );
});

describe('amounts', () => {
  test.each([
    ['100m', 100, 1],
    ['2', 2000, 2],
    ['1.5', 1500, 2],
    ['0.0001', 1, 1],
    ['64Mi', 67108864000, 67108864],
    ['1e3', 1_000_000, 1000],
    ['-1500m', -1500, -2],
  ])('%p is %p thousandths and %p', (text, millis, whole) => {
    expect(milliValue(text)).toBe(millis);
    expect(wholeValue(text)).toBe(whole);
  });

  test('are written as quantities', () => {
    expect(quantityOfMillis(250)).toBe('250m');
    expect(quantityOfMillis(2000)).toBe('2');
    expect(quantityOfBytes(64 * 2 ** 20)).toBe('64Mi');
    expect(quantityOfBytes(1000)).toBe('1k');
  });
});

describe('arithmetic', () => {
  test('adds and subtracts in the format of the first', () => {
    const sum = addQuantities(parseQuantity('1Gi'), parseQuantity('512M'));
    expect(writeQuantity(sum)).toBe('1548576Ki');
    expect(writeQuantity(addQuantities(parseQuantity('0'), parseQuantity('1Gi')))).toBe('1Gi');
    expect(writeQuantity(subtractQuantities(parseQuantity('1'), parseQuantity('100m')))).toBe('900m');
  });

  test('compares across formats', () => {
    expect(compareQuantities(parseQuantity('1Gi'), parseQuantity('1G'))).toBe(1);
    expect(compareQuantities(parseQuantity('1000m'), parseQuantity('1'))).toBe(0);
    expect(compareQuantities(parseQuantity('-1'), parseQuantity('1n'))).toBe(-1);
  });
});
