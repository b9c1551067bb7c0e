import { zeroOf } from '../decode/zero.ts';
import type { TypeSchema } from '../schema/types.ts';
import { createdFieldsText } from './created-fields.ts';
import { CreatedShapes } from './created-shapes.ts';
import type { FieldsV1 } from './field-set.ts';
import { internedFields } from './interned-fields.ts';
import { type Members, rootSchema } from './walk.ts';

const zeroObjects = new WeakMap<TypeSchema, Members>();

/** What an object of a type looks like before anything is set in it. Shared: not to be changed. */
export function zeroObject(type: TypeSchema): Members {
  let zero = zeroObjects.get(type);
  if (!zero) {
    zero = zeroOf(rootSchema(type)) as Members;
    zeroObjects.set(type, zero);
  }
  return zero;
}

interface Known {
  readonly reset: ReadonlySet<string>;
  readonly shapes: CreatedShapes;
}

/** Places in the walks over all types that are kept before all are forgotten: those of some hundred shapes of pods. */
const placesMax = 16_384;

const kept = { places: 0 };
let knownOfType = new WeakMap<TypeSchema, Known>();

function shapesOf(type: TypeSchema, reset: ReadonlySet<string>): CreatedShapes {
  if (kept.places > placesMax) {
    knownOfType = new WeakMap();
    kept.places = 0;
  }
  let known = knownOfType.get(type);
  if (known?.reset !== reset) {
    const skipped = new Set([...reset, 'apiVersion', 'kind']);
    known = { reset, shapes: new CreatedShapes(rootSchema(type), zeroObject(type), { skipped, kept }) };
    knownOfType.set(type, known);
  }
  return known.shapes;
}

/**
 * fieldsV1 of who creates an object: all that it sets; undefined when that is nothing.
 * @param reset names of fields that the write cannot change
 * @throws ElementError for items that lack their keys
 */
export function fieldsOfCreator(
  object: Members,
  { type, reset }: { type: TypeSchema; reset: ReadonlySet<string> },
): FieldsV1 | undefined {
  return shapesOf(type, reset).fieldsOf(object, () => {
    const text = createdFieldsText(object, zeroObject(type), { schema: rootSchema(type), reset });
    return text === '' ? undefined : internedFields(text);
  });
}
