import type { V1JSONSchemaProps } from '../../api/gen/types.ts';
import { type Environment, environment } from '../../cel/environment.ts';
import { authorizerType, resourceCheckType } from '../../cel/functions/authorizer.ts';
import { type Shape, shapeOf } from '../../cel/shape.ts';
import { dyn, type Type } from '../../cel/types.ts';

const text: V1JSONSchemaProps = { type: 'string' };
/** Whatever it is. */
const anything = { 'x-kubernetes-int-or-string': true } as V1JSONSchemaProps;
const kind: V1JSONSchemaProps = { type: 'object', properties: { group: text, version: text, kind: text } };
const resource: V1JSONSchemaProps = { type: 'object', properties: { group: text, version: text, resource: text } };
const texts = { type: 'array', items: text } as V1JSONSchemaProps;
const userInfo: V1JSONSchemaProps = {
  type: 'object',
  properties: {
    username: text,
    uid: text,
    groups: texts,
    extra: { type: 'object', additionalProperties: texts } as V1JSONSchemaProps,
  },
};

/** `request`: what is asked, without the objects. */
export const requestShape: Shape = shapeOf(
  {
    type: 'object',
    properties: {
      ...{ uid: text, name: text, namespace: text, operation: text, subResource: text, requestSubResource: text },
      ...{ kind, requestKind: kind, resource, requestResource: resource, userInfo },
      ...{ dryRun: { type: 'boolean' }, options: anything },
    },
  },
  { name: 'kubernetes.AdmissionRequest', plainNames: true },
)!;

const time: V1JSONSchemaProps = { type: 'string', format: 'date-time' };
const integer: V1JSONSchemaProps = { type: 'integer' };
const labels = { type: 'object', additionalProperties: text } as V1JSONSchemaProps;
const condition: V1JSONSchemaProps = {
  type: 'object',
  properties: { status: text, type: text, lastTransitionTime: time, message: text, reason: text },
};

/** `namespaceObject`: what expressions may ask of a namespace, which is less than it has. */
export const namespaceShape: Shape = shapeOf(
  {
    type: 'object',
    properties: {
      metadata: {
        type: 'object',
        properties: {
          ...{ name: text, generateName: text, namespace: text, labels, annotations: labels, UID: text },
          ...{ creationTimestamp: time, deletionGracePeriodSeconds: integer, deletionTimestamp: time },
          ...{ generation: integer, resourceVersion: text, finalizers: texts },
        },
      },
      spec: { type: 'object', properties: { finalizers: texts } },
      status: { type: 'object', properties: { conditions: { type: 'array', items: condition }, phase: text } },
    },
  },
  { name: 'kubernetes.Namespace', plainNames: true },
)!;

export interface EnvironmentOptions {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** The type of `variables`; absent where there are none. */
  readonly variables?: Type;
  /** The type of `object` and `oldObject`, when expressions are checked against a schema. */
  readonly object?: Type;
  /** The type of `params`, likewise. */
  readonly params?: Type;
  /** Types of objects that expressions may make. */
  readonly structs?: Environment['structs'];
}

/** What the expressions of a policy may speak of. */
export function policyEnvironment(options: EnvironmentOptions): Environment {
  const { object = dyn, params = dyn, variables } = options;
  const known: Record<string, Type> = {
    ...{ object, oldObject: object, request: requestShape.type, namespaceObject: namespaceShape.type },
  };
  if (options.hasParams) known.params = params;
  if (options.hasAuthorizer) {
    known.authorizer = authorizerType;
    known['authorizer.requestResource'] = resourceCheckType;
  }
  if (variables) known.variables = variables;
  return environment(known, options.structs);
}
