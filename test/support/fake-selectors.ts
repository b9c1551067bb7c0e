import type { KubeObject } from '../../libs/api/meta.ts';

/** Equality, inequality and existence: what controllers ask for. */
export function matchesLabels(object: KubeObject, selector: string | undefined): boolean {
  const labels = object.metadata?.labels ?? {};
  return terms(selector).every((term) => {
    const [, key = '', operator, value] = /^(!?[^!=]+?)(==|!=|=)?([^=]*)$/.exec(term) ?? [];
    if (operator === '!=') return labels[key] !== value;
    if (operator) return labels[key] === value;
    return key.startsWith('!') ? labels[key.slice(1)] === undefined : labels[key] !== undefined;
  });
}

export function matchesFields(object: KubeObject, selector: string | undefined): boolean {
  return terms(selector).every((term) => {
    const [, path = '', operator, value = ''] = /^([^!=]+)(==|!=|=)(.*)$/.exec(term) ?? [];
    let found: unknown = object;
    for (const step of path.split('.')) found = (found as Record<string, unknown> | undefined)?.[step];
    return (operator === '!=') !== (String(found ?? '') === value);
  });
}

const terms = (selector: string | undefined): string[] => (selector ? selector.split(',') : []);
