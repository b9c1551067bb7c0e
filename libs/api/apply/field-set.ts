import { compareElements } from './path-element.ts';

/** fieldsV1: element -> what is below it; '.' marks the element above as a member itself. */
export interface FieldsV1 {
  [element: string]: FieldsV1;
}

const noChildren: ReadonlyMap<string, FieldSet> = new Map();

const labels = new Map<string, string>();
/** Elements are names of fields for the most part, of which there are few. */
const labelsMax = 8_192;

/** The element as the name of a member in JSON. */
function elementLabel(element: string): string {
  let label = labels.get(element);
  if (label === undefined) {
    label = `${JSON.stringify(element)}:`;
    if (labels.size < labelsMax) labels.set(element, label);
  }
  return label;
}

/**
 * A set of paths in an object: who owns what. A node is a path; its children are keyed by path elements in the form of
 * fieldsV1 (`f:name`, `k:{"name":"a"}`, `v:"x"`). Immutable once built.
 */
export class FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;

  constructor(member: boolean, children: ReadonlyMap<string, FieldSet> = noChildren) {
    this.member = member;
    this.children = children;
  }

  static readonly empty = new FieldSet(false);
  static readonly leaf = new FieldSet(true);

  /** The set of some paths. */
  static of(paths: ReadonlyArray<readonly string[]>): FieldSet {
    return paths.reduce((set, path) => set.union(FieldSet.path(path)), FieldSet.empty);
  }

  private static path(path: readonly string[]): FieldSet {
    const [head, ...rest] = path;
    return head === undefined ? FieldSet.leaf : new FieldSet(false, new Map([[head, FieldSet.path(rest)]]));
  }

  static fromFieldsV1(fields: FieldsV1): FieldSet {
    const children = new Map<string, FieldSet>();
    let member = false;
    let some = false;
    for (const element in fields) {
      some = true;
      if (element === '.') member = true;
      else children.set(element, FieldSet.fromFieldsV1(fields[element] ?? {}));
    }
    return some ? new FieldSet(member, children) : FieldSet.leaf;
  }

  /** fieldsV1 as JSON: elements in Kubernetes' order. */
  toText(): string {
    return `{${this.textBelow()}}`;
  }

  private textBelow(): string {
    const { children } = this;
    const elements = children.size > 1 ? [...children.keys()].sort(compareElements) : children.keys();
    let text = '';
    for (const element of elements) {
      const child = children.get(element)!;
      const mark = child.member && child.children.size > 0 ? '".":{},' : '';
      text += `${text === '' ? '' : ','}${elementLabel(element)}{${mark}${child.textBelow()}}`;
    }
    return text;
  }

  get isEmpty(): boolean {
    return !this.member && this.children.size === 0;
  }

  has(path: readonly string[]): boolean {
    let at: FieldSet | undefined = this;
    for (const element of path) at = at?.children.get(element);
    return at?.member ?? false;
  }

  equals(other: FieldSet): boolean {
    if (other === this) return true;
    if (other.member !== this.member || other.children.size !== this.children.size) return false;
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      if (!theirs || !child.equals(theirs)) return false;
    }
    return true;
  }

  /** The same instance where the other adds nothing. */
  union(other: FieldSet): FieldSet {
    if (other === this || other.isEmpty) return this;
    if (this.isEmpty) return other;
    let children: Map<string, FieldSet> | undefined;
    for (const [element, child] of other.children) {
      const own = this.children.get(element);
      const both = own ? own.union(child) : child;
      if (both === own) continue;
      children ??= new Map(this.children);
      children.set(element, both);
    }
    if (!children && (this.member || !other.member)) return this;
    return new FieldSet(this.member || other.member, children ?? this.children);
  }

  intersection(other: FieldSet): FieldSet {
    const children = new Map<string, FieldSet>();
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      const both = theirs && child.intersection(theirs);
      if (both && !both.isEmpty) children.set(element, both);
    }
    return new FieldSet(this.member && other.member, children);
  }

  /** Without the other's members; what stands below them stays. The same instance where nothing goes. */
  difference(other: FieldSet): FieldSet {
    return this.without(other, false);
  }

  /** Without the other's members and all that stands below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    return this.without(other, true);
  }

  private without(other: FieldSet, recursive: boolean): FieldSet {
    let children: Map<string, FieldSet> | undefined;
    for (const [element, theirs] of other.children) {
      const child = this.children.get(element);
      if (!child) continue;
      const rest = recursive && theirs.member ? FieldSet.empty : child.without(theirs, recursive);
      if (rest === child) continue;
      children ??= new Map(this.children);
      if (rest.isEmpty) children.delete(element);
      else children.set(element, rest);
    }
    if (!children && !(this.member && other.member)) return this;
    return new FieldSet(this.member && !other.member, children ?? this.children);
  }

  /** Every member's path, in order. */
  paths(): string[][] {
    const below = [...this.children.keys()].sort(compareElements).flatMap((element) =>
      this.children
        .get(element)!
        .paths()
        .map((path) => [element, ...path]),
    );
    return this.member ? [[], ...below] : below;
  }
}

/** Whether fields in their written form and a set have a member in common, found without building the fields' set. */
export function overlaps(fields: FieldsV1, set: FieldSet): boolean {
  for (const [element, child] of set.children) {
    const below = fields[element];
    if (below === undefined) continue;
    if (child.member && ('.' in below || isLeaf(below))) return true;
    if (overlaps(below, child)) return true;
  }
  return false;
}

function isLeaf(fields: FieldsV1): boolean {
  for (const _ in fields) return false;
  return true;
}
