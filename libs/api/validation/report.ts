import type { FieldError } from '../definition.ts';

/** A step of a path: a field's name, an index of a list, or a key of a map made by `keyed`. */
export type Step = string | number;

/** The step into a map, written `[key]`. */
export function keyed(key: string): Step {
  return `[${key}]`;
}

/**
 * Where a validation stands and what it has found so far. Rules walk an object with `enter` and `leave`; the path is
 * only written out when there is something to refuse, so that a sound object costs no allocation.
 * Every refusal takes further steps below the current path: `at.required('why', 'template', 'spec')`.
 */
export class Report {
  readonly errors: FieldError[] = [];
  private readonly steps: Step[] = [];

  enter(step: Step): void {
    this.steps.push(step);
  }

  leave(): void {
    this.steps.pop();
  }

  /** Runs `report` as if some steps fewer had been entered: a few complaints stand above the value they are about. */
  above(steps: number, report: () => void): void {
    const taken = this.steps.splice(this.steps.length - steps);
    report();
    this.steps.push(...taken);
  }

  required(why = '', ...below: Step[]): void {
    this.refuse('FieldValueRequired', why || 'a value is required', below);
  }

  invalid(why: string, ...below: Step[]): void {
    this.refuse('FieldValueInvalid', why, below);
  }

  notSupported(allowed: Iterable<string>, ...below: Step[]): void {
    this.refuse('FieldValueNotSupported', `must be one of ${[...allowed].join(', ')}`, below);
  }

  forbidden(why: string, ...below: Step[]): void {
    this.refuse('FieldValueForbidden', why, below);
  }

  duplicate(value: unknown, ...below: Step[]): void {
    this.refuse('FieldValueDuplicate', `${JSON.stringify(value)} stands here twice`, below);
  }

  notFound(value: unknown, ...below: Step[]): void {
    this.refuse('FieldValueNotFound', `there is no ${JSON.stringify(value)}`, below);
  }

  tooLong(max: number, ...below: Step[]): void {
    this.refuse('FieldValueTooLong', `may be no longer than ${max} bytes`, below);
  }

  tooMany(max: number, ...below: Step[]): void {
    this.refuse('FieldValueTooMany', `may have no more than ${max} items`, below);
  }

  typeInvalid(why: string, ...below: Step[]): void {
    this.refuse('FieldValueTypeInvalid', why, below);
  }

  internal(why: string, ...below: Step[]): void {
    this.refuse('InternalError', why, below);
  }

  /** How many refusals there are; compare before and after to learn whether a part was sound. */
  get count(): number {
    return this.errors.length;
  }

  /** The current path and the steps below it, as in `spec.containers[0].image`. */
  path(below: readonly Step[] = []): string {
    let text = '';
    for (const step of this.steps) text = join(text, step);
    for (const step of below) text = join(text, step);
    return text;
  }

  private refuse(reason: FieldError['reason'], message: string, below: readonly Step[]): void {
    const field = this.path(below);
    this.errors.push({ field, reason, message });
  }
}

function join(path: string, step: Step): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  if (path === '' || step.startsWith('[')) return path + step;
  return `${path}.${step}`;
}
