import type { FieldError } from '../../libs/api/definition.ts';

/** `Required spec.containers[0].name`: reason and field, as tests write them. */
export function complaintsOf(errors: readonly FieldError[]): string[] {
  return errors.map(({ reason, field }) => `${reason.replace(/^FieldValue/, '')} ${field}`.trim());
}

/** A copy in which the value at a path such as `spec.containers.0.name` is another one; undefined removes it. */
export function withValue<T extends object>(object: T, path: string, value: unknown): T {
  const copy = structuredClone(object);
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let owner = copy as Record<string, unknown>;
  for (const step of steps) {
    owner[step] ??= {};
    owner = owner[step] as Record<string, unknown>;
  }
  if (value === undefined) delete owner[last];
  else owner[last] = value;
  return copy;
}
