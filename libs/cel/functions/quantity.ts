import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  QuantityError,
  subtractQuantities,
} from '../../api/quantity/quantity.ts';
import { walks } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, double, int, string, type Type } from '../types.ts';
import { Opaque } from '../values.ts';
import type { Form } from './form.ts';

const quantityType: Type = { kind: 'opaque', name: 'kubernetes.Quantity' };

class Amount extends Opaque {
  readonly typeName = 'kubernetes.Quantity';

  constructor(readonly quantity: Quantity) {
    super();
  }

  equals(other: Opaque): boolean {
    return other instanceof Amount && compareQuantities(this.quantity, other.quantity) === 0;
  }
}

function read(text: string): Quantity | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

const shape = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$';

function amountOf(text: string): Amount {
  const quantity = read(text);
  if (!quantity) throw new EvaluationError(`quantities must match the regular expression '${shape}'`);
  return new Amount(quantity);
}

function ofInt(value: bigint): Quantity {
  return { digits: value, scale: 0, format: 'decimal' };
}

const int64Max = 2n ** 63n - 1n;

function integerOf({ digits, scale }: Quantity): bigint | undefined {
  const divisor = scale < 0 ? 10n ** BigInt(-scale) : 1n;
  if (digits % divisor !== 0n) return undefined;
  const value = scale < 0 ? digits / divisor : digits * 10n ** BigInt(scale);
  return value <= int64Max && value >= -int64Max - 1n ? value : undefined;
}

function asInteger({ quantity }: Amount): bigint {
  const value = integerOf(quantity);
  if (value === undefined) throw new EvaluationError('cannot convert value to integer');
  return value;
}

const pair = [quantityType, quantityType];

export const quantities: readonly Form[] = [
  { name: 'quantity', params: [string], result: quantityType, plain: true, call: amountOf, cost: walks() },
  {
    ...{ name: 'isQuantity', params: [string], result: bool, plain: true, cost: walks() },
    call: (text: string) => read(text) !== undefined,
  },
  {
    name: 'sign',
    params: [quantityType],
    result: int,
    call: ({ quantity }: Amount) => BigInt(compareQuantities(quantity, ofInt(0n))),
  },
  {
    name: 'isInteger',
    params: [quantityType],
    result: bool,
    call: ({ quantity }: Amount) => integerOf(quantity) !== undefined,
  },
  { name: 'asInteger', params: [quantityType], result: int, call: asInteger },
  {
    ...{ name: 'asApproximateFloat', params: [quantityType], result: double },
    call: ({ quantity }: Amount) => Number(`${quantity.digits}e${quantity.scale}`),
  },
  {
    name: 'isGreaterThan',
    params: pair,
    result: bool,
    call: (a: Amount, b: Amount) => compareQuantities(a.quantity, b.quantity) > 0,
  },
  {
    name: 'isLessThan',
    params: pair,
    result: bool,
    call: (a: Amount, b: Amount) => compareQuantities(a.quantity, b.quantity) < 0,
  },
  {
    name: 'compareTo',
    params: pair,
    result: int,
    call: (a: Amount, b: Amount) => BigInt(compareQuantities(a.quantity, b.quantity)),
  },
  {
    name: 'add',
    params: pair,
    result: quantityType,
    call: (a: Amount, b: Amount) => new Amount(addQuantities(a.quantity, b.quantity)),
  },
  {
    ...{ name: 'add', params: [quantityType, int], result: quantityType },
    call: (a: Amount, b: bigint) => new Amount(addQuantities(a.quantity, ofInt(b))),
  },
  {
    name: 'sub',
    params: pair,
    result: quantityType,
    call: (a: Amount, b: Amount) => new Amount(subtractQuantities(a.quantity, b.quantity)),
  },
  {
    ...{ name: 'sub', params: [quantityType, int], result: quantityType },
    call: (a: Amount, b: bigint) => new Amount(subtractQuantities(a.quantity, ofInt(b))),
  },
];
