import type { FieldError } from '../definition.ts';
import { Report, type Step } from './report.ts';

/**
 * A rule looks at one value and reports what is wrong with it. `context` is whatever the validation of the whole
 * object passes down, such as the pod specification that a container stands in; most rules need none.
 */
export type Rule<T, C = unknown> = (value: T, at: Report, context: C) => void;

/** A rule for each field of T. They run in the order written, and not for absent fields unless they ask for it. */
export type FieldRules<T, C> = { readonly [K in keyof T]?: Rule<NonNullable<T[K]>, C> };

/** Rules that must run when their field is absent. */
const seesAbsent = new WeakSet<object>();

/** Runs a rule on a whole object. */
export function check<T>(rule: Rule<T>, value: T): FieldError[];
export function check<T, C>(rule: Rule<T, C>, value: T, context: C): FieldError[];
export function check<T, C>(rule: Rule<T, C | undefined>, value: T, context?: C): FieldError[] {
  const report = new Report();
  rule(value, report, context);
  return report.errors;
}

/** Each field by its own rule. */
export function fields<T extends object, C = unknown>(rules: FieldRules<T, C>): Rule<T, C> {
  const entries = Object.entries(rules) as Array<[keyof T & string, Rule<unknown, C>]>;
  const names = entries.map(([name]) => name);
  const list = entries.map(([, rule]) => rule);
  const always = list.map((rule) => seesAbsent.has(rule));
  return (value, at, context) => {
    for (let i = 0; i < list.length; i++) {
      const name = names[i]!;
      const field = value[name];
      if ((field === undefined || field === null) && !always[i]) continue;
      at.enter(name);
      list[i]!(field, at, context);
      at.leave();
    }
  };
}

/** Runs one rule below the current path. For checks that are written out by hand. */
export function below<T, C>(at: Report, step: Step, value: T | undefined, rule: Rule<T, C>, context: C): void {
  if (value === undefined || value === null) return;
  at.enter(step);
  rule(value, at, context);
  at.leave();
}

/** All rules, one after the other. */
export function all<T, C = unknown>(...rules: ReadonlyArray<Rule<T, C>>): Rule<T, C> {
  return (value, at, context) => {
    for (const rule of rules) rule(value, at, context);
  };
}

/** The rule, but only for values (and contexts) that meet the condition. */
export function when<T, C = unknown>(condition: (value: T, context: C) => boolean, rule: Rule<T, C>): Rule<T, C> {
  return (value, at, context) => {
    if (condition(value, context)) rule(value, at, context);
  };
}

/** The second rule only when the first has found nothing. */
export function unless<T, C = unknown>(first: Rule<T, C>, second: Rule<T, C>): Rule<T, C> {
  return (value, at, context) => {
    const before = at.count;
    first(value, at, context);
    if (at.count === before) second(value, at, context);
  };
}

/** Neither absent nor empty: '', 0, and empty lists and maps count as absent, as they do on the wire. */
export function required<T, C = unknown>(rule?: Rule<T, C>, why?: string): Rule<T, C> {
  const made: Rule<T, C> = (value, at, context) => {
    if (isEmpty(value)) at.required(why);
    else rule?.(value, at, context);
  };
  seesAbsent.add(made);
  return made;
}

/** Not absent; 0 and '' are values. */
export function present<T, C = unknown>(rule?: Rule<T, C>, why?: string): Rule<T, C> {
  const made: Rule<T, C> = (value, at, context) => {
    if (value === undefined || value === null) at.required(why);
    else rule?.(value, at, context);
  };
  seesAbsent.add(made);
  return made;
}

/** A rule that runs for absent fields as well, with `undefined`. */
export function always<T, C = unknown>(rule: Rule<T | undefined, C>): Rule<T, C> {
  const made: Rule<T, C> = (value, at, context) => rule(value, at, context);
  seesAbsent.add(made);
  return made;
}

/** The rule, but only when the value is not empty. */
export function filled<T, C = unknown>(rule: Rule<T, C>): Rule<T, C> {
  return (value, at, context) => {
    if (!isEmpty(value)) rule(value, at, context);
  };
}

export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object') return false;
  for (const _ in value) return false;
  return true;
}

/** Each item of a list. */
export function each<T, C = unknown>(rule: Rule<T, C>): Rule<readonly T[], C> {
  return (list, at, context) => {
    for (let i = 0; i < list.length; i++) {
      at.enter(i);
      rule(list[i]!, at, context);
      at.leave();
    }
  };
}

/** Each value of a map, at `[key]`. */
export function eachValue<T, C = unknown>(rule: Rule<T, C>): Rule<Readonly<Record<string, T>>, C> {
  return (map, at, context) => {
    for (const key of Object.keys(map)) {
      at.enter(`[${key}]`);
      rule(map[key]!, at, context);
      at.leave();
    }
  };
}

/** Refuses the second and later items with the same key, at the steps given below the item. */
export function unique<T>(keyOf: (item: T) => string | number | undefined, ...below: Step[]): Rule<readonly T[]> {
  return (list, at) => {
    if (list.length < 2) return;
    const seen = new Set<string | number>();
    list.forEach((item, i) => {
      const key = keyOf(item);
      if (key === undefined || key === '') return;
      if (seen.has(key)) at.duplicate(key, i, ...below);
      else seen.add(key);
    });
  };
}

export function maxItems(max: number): Rule<readonly unknown[]> {
  return (list, at) => {
    if (list.length > max) at.tooMany(max);
  };
}

/** One of a closed set of words. */
export function oneOf(words: readonly string[]): Rule<string> {
  const set = new Set(words);
  const sorted = [...words].sort();
  return (value, at) => {
    if (!set.has(value)) at.notSupported(sorted);
  };
}

/** A word of a closed set that must be there. */
export function requiredOneOf(words: readonly string[]): Rule<string> {
  return required(oneOf(words));
}

/** A word of a closed set, for which an absent one is not supported rather than missing. */
export function alwaysOneOf(words: readonly string[]): Rule<string> {
  const rule = oneOf(words);
  return always((value, at, context) => rule(value ?? '', at, context));
}

/** A text that meets a check of names.ts; each complaint is a refusal of its own. */
export function text(complaints: (value: string) => readonly string[]): Rule<string> {
  return (value, at) => {
    for (const complaint of complaints(value)) at.invalid(complaint);
  };
}

/** As `text`, also for an absent value, which is looked at as ''. */
export function alwaysText(complaints: (value: string) => readonly string[]): Rule<string> {
  const rule = text(complaints);
  return always((value, at, context) => rule(value ?? '', at, context));
}

export function maxLength(max: number): Rule<string> {
  return (value, at) => {
    if (value.length > max) at.tooLong(max);
  };
}

export function between(low: number, high: number): Rule<number> {
  return (value, at) => {
    if (value < low || value > high) at.invalid(`must be between ${low} and ${high}, inclusive`);
  };
}

export const nonNegative: Rule<number> = (value, at) => {
  if (value < 0) at.invalid('must be greater than or equal to 0');
};

export const positive: Rule<number> = (value, at) => {
  if (value <= 0) at.invalid('must be greater than zero');
};

/** A number that counts as zero when it is absent. */
export function orZero(rule: Rule<number>): Rule<number> {
  return always((value, at, context) => rule(value ?? 0, at, context));
}
