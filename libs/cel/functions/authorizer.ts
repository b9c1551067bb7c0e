import { decides, fixed, plus, share, sizeOf, unitCosts } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, string, type Type } from '../types.ts';
import { Opaque } from '../values.ts';
import type { Form } from './form.ts';

/** A question about what somebody may do: a path, or a resource with its parts. */
export interface AccessQuestion {
  readonly verb: string;
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** `namespace/name` of the service account that it is about instead of the requester. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

export interface AccessAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Who answers the questions of an expression. */
export type AccessDecider = (question: AccessQuestion) => AccessAnswer;

export const authorizerType: Type = { kind: 'opaque', name: 'kubernetes.authorization.Authorizer' };
const pathType: Type = { kind: 'opaque', name: 'kubernetes.authorization.PathCheck' };
const groupType: Type = { kind: 'opaque', name: 'kubernetes.authorization.GroupCheck' };
export const resourceCheckType: Type = { kind: 'opaque', name: 'kubernetes.authorization.ResourceCheck' };
const decisionType: Type = { kind: 'opaque', name: 'kubernetes.authorization.Decision' };

/** An authorizer, or a question to it that is not complete yet. */
export class AccessCheck extends Opaque {
  constructor(
    readonly typeName: string,
    readonly decider: AccessDecider,
    readonly question: Omit<AccessQuestion, 'verb'> = {},
  ) {
    super();
  }

  with(type: Type, more: Omit<AccessQuestion, 'verb'>): AccessCheck {
    return new AccessCheck((type as { name: string }).name, this.decider, { ...this.question, ...more });
  }

  equals(other: Opaque): boolean {
    return other === this;
  }
}

/** The variable `authorizer`. */
export function authorizerOf(decider: AccessDecider): AccessCheck {
  return new AccessCheck('kubernetes.authorization.Authorizer', decider);
}

class Answered extends Opaque {
  readonly typeName = 'kubernetes.authorization.Decision';

  constructor(readonly answer: AccessAnswer) {
    super();
  }

  equals(other: Opaque): boolean {
    return other === this;
  }
}

function check(check: AccessCheck, verb: string): Answered {
  return new Answered(check.decider({ ...check.question, verb }));
}

function path(authorizer: AccessCheck, path: string): AccessCheck {
  if (path === '') throw new EvaluationError('path must not be empty');
  return authorizer.with(pathType, { path });
}

/** A part of a question about a resource. */
function part(name: 'subresource' | 'namespace' | 'name'): Form {
  const call = (check: AccessCheck, value: string) => check.with(resourceCheckType, { [name]: value });
  return { name, params: [resourceCheckType, string], result: resourceCheckType, call };
}

/** Selectors narrow a question; authorizers here decide by resource alone, so that they ask for the whole. */
function selector(name: 'fieldSelector' | 'labelSelector'): Form {
  return {
    ...{ name, params: [resourceCheckType, string], result: resourceCheckType },
    call: (check: AccessCheck) => check,
    cost: (args) => ({
      cost: plus(
        fixed(unitCosts.list),
        share(sizeOf(args, 1), unitCosts.letter + (unitCosts.list + unitCosts.struct) / 2),
      ),
    }),
  };
}

export const authorizer: readonly Form[] = [
  { name: 'path', params: [authorizerType, string], result: pathType, call: path },
  {
    ...{ name: 'group', params: [authorizerType, string], result: groupType },
    call: (check: AccessCheck, group: string) => check.with(groupType, { group }),
  },
  {
    ...{ name: 'serviceAccount', params: [authorizerType, string, string], result: authorizerType },
    call: (check: AccessCheck, namespace: string, name: string) =>
      check.with(authorizerType, { serviceAccount: { namespace, name } }),
  },
  {
    ...{ name: 'resource', params: [groupType, string], result: resourceCheckType },
    call: (check: AccessCheck, resource: string) => check.with(resourceCheckType, { resource }),
  },
  part('subresource'),
  part('namespace'),
  part('name'),
  selector('fieldSelector'),
  selector('labelSelector'),
  { name: 'check', params: [pathType, string], result: decisionType, call: check, cost: decides },
  { name: 'check', params: [resourceCheckType, string], result: decisionType, call: check, cost: decides },
  { name: 'allowed', params: [decisionType], result: bool, call: ({ answer }: Answered) => answer.allowed },
  { name: 'reason', params: [decisionType], result: string, call: ({ answer }: Answered) => answer.reason },
  { name: 'errored', params: [decisionType], result: bool, call: ({ answer }: Answered) => answer.error !== undefined },
  { name: 'error', params: [decisionType], result: string, call: ({ answer }: Answered) => answer.error ?? '' },
];
