import { equalJson } from '../patch/json-value.ts';
import type { ValueSchema } from '../schema/types.ts';
import type { FieldsV1 } from './field-set.ts';
import { isHollow, isMembers, type Members, memberSchema, shapeOf } from './walk.ts';

type Kind = 'leaf' | 'list' | 'members' | 'free';

function kindOf(schema: ValueSchema): Kind {
  if (schema.kind === 'scalar') return schema.atomic ? 'leaf' : 'free';
  if (schema.kind === 'list') return schema.listType === 'atomic' ? 'leaf' : 'list';
  return schema.atomic ? 'leaf' : 'members';
}

const nothing = Symbol('nothing');

/**
 * How far a walk over an object has come: the names of fields and the keys of items that it has met so far, and where it
 * went down and up between them. Walks that have met the same stand at the same place.
 */
class Place {
  /** What is owned by the creators of objects whose walk ends here; null is nothing. */
  fields: FieldsV1 | null | undefined = undefined;
  readonly kind: Kind;
  private step: unknown = nothing;
  private next: Place | undefined = undefined;
  private others: Map<unknown, Place> | undefined = undefined;
  private below: Place | undefined = undefined;
  private above: Place | undefined = undefined;

  /** @param schema of the value that the walk has come to */
  constructor(readonly schema: ValueSchema) {
    this.kind = kindOf(schema);
  }

  /** After a name or a key; undefined where nobody has been yet. */
  after(step: unknown): Place | undefined {
    return this.step === step ? this.next : this.others?.get(step);
  }

  add(step: unknown, place: Place): Place {
    if (this.next === undefined) {
      this.step = step;
      this.next = place;
    } else {
      this.others ??= new Map();
      this.others.set(step, place);
    }
    return place;
  }

  down(): Place {
    this.below ??= new Place(this.schema);
    return this.below;
  }

  up(): Place {
    this.above ??= new Place(this.schema);
    return this.above;
  }
}

/**
 * Tells objects of one type apart by their shape: what they set, whatever they set it to. Most objects that come have a
 * shape that has been seen before, so what their creator owns need not be written again. A walk costs a fraction of
 * that and allocates nothing. Objects of one shape have the same fields by created-fields.ts; the reverse need not hold.
 */
export class CreatedShapes {
  private readonly start: Place;
  /** Set when a walk comes upon what no list can be keyed by. */
  private lost = false;

  /**
   * @param zero an object of the type in which nothing is set
   * @param skipped names of top-level members that play no part
   * @param kept counts the places that are kept
   */
  constructor(
    private readonly root: ValueSchema,
    private readonly zero: Members,
    private readonly options: { readonly skipped: ReadonlySet<string>; readonly kept: { places: number } },
  ) {
    this.start = new Place(root);
  }

  /**
   * What was found for the first object of the same shape, or else what `find` finds now; undefined is kept, too.
   * What `find` throws is passed on and not kept.
   */
  fieldsOf(object: Members, find: () => FieldsV1 | undefined): FieldsV1 | undefined {
    this.lost = false;
    const place = this.changedMembers(this.start, { before: this.zero, after: object, schema: this.root });
    if (this.lost) return find();
    if (place.fields === undefined) place.fields = find() ?? null;
    return place.fields ?? undefined;
  }

  /** Parallel to changedMembers of created-fields.ts. */
  private changedMembers(
    from: Place,
    { before, after, schema }: { before: Members; after: Members; schema: ValueSchema },
  ): Place {
    let place = from;
    for (const name in after) {
      const value = after[name];
      const former = before[name];
      if (former === value || value === undefined || (schema === this.root && this.options.skipped.has(name))) continue;
      const named = this.named(place, name, schema);
      if (named)
        place = former === undefined ? this.whole(named, value) : (this.changed(named, former, value) ?? place);
    }
    return place;
  }

  /** Parallel to changedText of created-fields.ts; undefined where nothing has changed. */
  private changed(place: Place, before: unknown, after: unknown): Place | undefined {
    const { schema } = place;
    const shape = shapeOf(before ?? after, schema);
    const differentKinds = shape !== shapeOf(after ?? before, schema);
    if (shape === 'leaf' || differentKinds || (isHollow(before) && isHollow(after))) {
      return equalJson(before, after) ? undefined : place;
    }
    if (shape === 'list') return Array.isArray(after) ? this.items(place, after) : undefined;
    const members = { before: isMembers(before) ? before : {}, after: isMembers(after) ? after : {}, schema };
    return this.changedMembers(place.down(), members).up();
  }

  /** A value that was not there before. */
  private whole(place: Place, value: unknown): Place {
    switch (place.kind) {
      case 'leaf':
        return place;
      case 'list':
        return Array.isArray(value) ? this.items(place, value) : place;
      default:
        return isMembers(value) ? this.members(place, value) : place;
    }
  }

  private members(from: Place, value: Members): Place {
    const { schema } = from;
    let place = from.down();
    for (const name in value) {
      const member = value[name];
      if (member === undefined) continue;
      const named = place.after(name) ?? this.named(place, name, schema);
      if (named) place = named.kind === 'leaf' ? named : this.whole(named, member);
    }
    return place.up();
  }

  private items(from: Place, list: readonly unknown[]): Place {
    const { listType, listKeys, element } = from.schema;
    let place = from.down();
    for (const item of list) {
      if (listType === 'set') place = this.keyed(place, item, element!);
      else if (isMembers(item)) for (const key of listKeys) place = this.keyed(place, item[key], element!);
      else this.lost = true;
      place = this.whole(place, item);
    }
    return place.up();
  }

  private named(place: Place, name: string, schema: ValueSchema): Place | undefined {
    const known = place.after(name);
    if (known) return known;
    const member = memberSchema(schema, name);
    if (member === undefined) return undefined;
    this.options.kept.places++;
    return place.add(name, new Place(member));
  }

  private keyed(place: Place, key: unknown, element: ValueSchema): Place {
    const known = place.after(key);
    if (known) return known;
    if (typeof key === 'object' && key !== null) {
      this.lost = true;
      return place;
    }
    this.options.kept.places++;
    return place.add(key, new Place(element));
  }
}
