import type { ScaleDefinition } from '../../api/definition.ts';
import type { V1LabelSelector } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { parseLabelSelector } from '../../api/selectors/label-selector.ts';
import type { Requirement } from '../../api/selectors/requirement.ts';

/** The size of a custom object and which pods are its own, where its kind keeps them. */
export function scaleView<T extends KubeObject>(
  object: T,
  { specReplicasPath, selectorPath }: ScaleDefinition,
): T & { spec: { replicas?: number; selector?: V1LabelSelector } } {
  const replicas = readPath(object, specReplicasPath);
  const selector = selectorPath === undefined ? undefined : readPath(object, selectorPath);
  const spec = {
    replicas: typeof replicas === 'number' ? replicas : undefined,
    selector: typeof selector === 'string' ? selectorOf(selector) : (selector as V1LabelSelector | undefined),
  };
  return { ...object, spec };
}

function readPath(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split('.').filter(Boolean)) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
}

/** A selector that selects nothing where the text is empty, so that no pod counts by mistake. */
function selectorOf(text: string): V1LabelSelector | undefined {
  const requirements = text === '' ? [] : parseLabelSelector(text);
  if (requirements.length === 0) return undefined;
  return { matchExpressions: requirements.map(expressionOf) };
}

function expressionOf({ key, operator, values }: Requirement) {
  return { key, operator, values: [...values] };
}
