import type { V1JSONSchemaProps } from '../api/gen/types.ts';

/** The largest request: what no schema bounds is bounded by it. */
export const requestBytesMax = 3 * 1024 * 1024;
/** A letter may take this many bytes. */
const letterBytesMax = 4;

const formatLetters: Readonly<Record<string, number>> = { duration: 32, date: 12, 'date-time': 32 };

export interface ShapeSize {
  readonly max: number;
}

/** How many letters, items or entries a value of a schema has at the most; `bytesMin` is what the smallest part takes. */
export function sizeOfShape(schema: V1JSONSchemaProps, bytesMin: number): ShapeSize {
  switch (schema.type) {
    case 'array':
      return { max: schema.maxItems ?? Math.floor((requestBytesMax - 2) / (bytesMin + 1)) };
    case 'object':
      return { max: schema.maxProperties ?? Math.floor((requestBytesMax - 2) / (bytesMin + 6)) };
    default:
      return { max: lettersMax(schema) };
  }
}

function lettersMax({ format, maxLength, enum: choices, type }: V1JSONSchemaProps): number {
  const byFormat = type === 'string' ? formatLetters[format ?? ''] : undefined;
  if (byFormat !== undefined) return byFormat;
  if (maxLength !== undefined) return Math.max(0, maxLength) * (format === 'byte' ? 1 : letterBytesMax);
  if (type === 'string' && choices?.length) return Math.max(...choices.map((choice) => String(choice).length));
  return requestBytesMax - 2;
}
