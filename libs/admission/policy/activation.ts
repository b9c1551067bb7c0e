import type { ResourceDefinition } from '../../api/definition.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Authorizer } from '../../auth/attributes.ts';
import { serviceAccountUserName, systemGroups, type UserInfo } from '../../auth/user.ts';
import {
  type AccessDecider,
  type AccessQuestion,
  authorizerOf,
  resourceCheckType,
} from '../../cel/functions/authorizer.ts';
import { anyValue } from '../../cel/shape.ts';
import type { Value } from '../../cel/values.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';
import { admissionReview } from '../webhook/review.ts';
import { namespaceShape, requestShape } from './environment.ts';

export interface ActivationParts {
  readonly attributes: AdmissionAttributes;
  /** The version of the object that the policy asked for. */
  readonly as: ResourceDefinition;
  readonly namespace: KubeObject | undefined;
  readonly authorizer: Authorizer;
}

interface AdmissionRequest {
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** The variables of a policy's expressions for one request; each is made when it is first read. */
export class Activation {
  readonly params: Value = null;
  readonly variables: Value = null;
  /** What has been made so far, for all that share the request. */
  private readonly made: { review?: AdmissionRequest; object?: Value; oldObject?: Value } = {};

  constructor(private readonly parts: ActivationParts) {}

  get object(): Value {
    this.made.object ??= anyValue(this.asked.object);
    return this.made.object;
  }

  get oldObject(): Value {
    this.made.oldObject ??= anyValue(this.asked.oldObject);
    return this.made.oldObject;
  }

  get request(): Value {
    return requestShape.valueOf(JSON.parse(JSON.stringify(this.asked)));
  }

  get namespaceObject(): Value {
    const { namespace } = this.parts;
    return namespace === undefined ? null : namespaceShape.valueOf(namespace);
  }

  get authorizer(): Value {
    return authorizerOf(this.decider);
  }

  get 'authorizer.requestResource'(): Value {
    const { attributes, as } = this.parts;
    const { group, plural } = as;
    const { at, subresource } = attributes;
    return authorizerOf(this.decider).with(resourceCheckType, {
      ...{ group, resource: plural, subresource, namespace: at.namespace, name: at.name },
    });
  }

  /** The same request with parameters and variables. */
  with(more: { params?: Value; variables?: Value }): Activation {
    const next = Object.create(this) as Activation;
    return Object.assign(next, more);
  }

  private get asked(): AdmissionRequest {
    const { attributes, as } = this.parts;
    this.made.review ??= (admissionReview(attributes, as, '') as { request: AdmissionRequest }).request;
    return this.made.review;
  }

  private get decider(): AccessDecider {
    const { attributes, authorizer } = this.parts;
    return (question) => decide(authorizer, attributes.request.user, question);
  }
}

function decide(authorizer: Authorizer, requester: UserInfo, question: AccessQuestion) {
  const { verb, path, group = '', resource = '', subresource, namespace, name, serviceAccount } = question;
  const user = serviceAccount ? accountUser(serviceAccount.namespace, serviceAccount.name) : requester;
  const plain = path === undefined ? undefined : { verb, path };
  const asked = { group, version: '*', plural: resource, subresource: subresource || undefined, namespace, name };
  const { verdict, reason = '' } = authorizer.authorize(user, plain ?? { verb, path: '', resource: asked });
  return { allowed: verdict === 'allow', reason };
}

function accountUser(namespace: string, name: string): UserInfo {
  const groups = [
    systemGroups.serviceAccounts,
    `${systemGroups.serviceAccounts}:${namespace}`,
    systemGroups.authenticated,
  ];
  return { name: serviceAccountUserName(namespace, name), groups };
}
