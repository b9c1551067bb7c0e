import type { V1Pod, V1ServiceAccount, V1TokenRequestSpec } from '../api/gen/types.ts';
import { createdParts } from '../api/kinds/review.ts';
import type { KubeObject } from '../api/meta.ts';
import type { BoundObject, ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { badRequest, conflict, invalid, notFound } from './errors.ts';
import { recordCreate } from './field-managers.ts';
import type { SubresourceCreator } from './subresource-creation.ts';

const expirationSecondsDefault = 3_600;
const expirationSecondsMin = 600;
/** A year; longer wishes are cut to it. */
const expirationSecondsMax = 31_536_000;
const expirationSecondsAskedMax = 2 ** 32;

interface TokenRequest extends KubeObject {
  spec?: Partial<V1TokenRequestSpec>;
}

export interface TokenParts {
  readonly tokens: ServiceAccountTokens;
  readonly objects: ObjectReader;
  readonly clock: Clock;
}

const { token: definition } = createdParts;

/** `POST serviceaccounts/NAME/token`: a token that ends by itself, and with the object that it is bound to. */
export function tokenCreator({ tokens, objects, clock }: TokenParts): SubresourceCreator {
  return async ({ at, body, served, request }) => {
    const asked = body as TokenRequest;
    const spec = { ...asked.spec, expirationSeconds: asked.spec?.expirationSeconds ?? expirationSecondsDefault };
    const draft = { ...asked, spec } as TokenRequest;
    recordCreate(definition, draft, request, clock);
    const namespace = at.namespace ?? '';
    checkPlace(asked, { name: at.name, namespace });
    const account = (await served.service.get(at)).object as V1ServiceAccount;
    const uid = account.metadata?.uid ?? '';
    const given = asked.metadata?.uid;
    if (given && given !== uid) {
      const why = `the UID in the token request (${given}) does not match the UID of the service account (${uid})`;
      throw conflict({ group: definition.group, plural: definition.kind }, at.name, why);
    }
    checkExpiration(spec.expirationSeconds);
    const expirationSeconds = Math.min(spec.expirationSeconds, expirationSecondsMax);
    const audiences = spec.audiences?.length ? spec.audiences : [tokens.issuer];
    const { token, expiresAtMs } = tokens.issue({
      namespace,
      serviceAccount: { name: at.name, uid },
      audiences,
      expirationSeconds,
      ...boundTo(asked, { namespace, account: at.name, objects }),
    });
    const { name: _, namespace: __, ...metadata } = draft.metadata ?? {};
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: at.name, namespace, ...metadata, uid, creationTimestamp: rfc3339(clock.now()) },
      spec: { audiences, expirationSeconds, boundObjectRef: spec.boundObjectRef ?? null },
      status: { token, expirationTimestamp: rfc3339(expiresAtMs) },
    };
  };
}

/** A body may leave out whose token it asks for, but not name somebody else. */
function checkPlace({ metadata }: TokenRequest, at: { name: string; namespace: string }): void {
  for (const field of ['name', 'namespace'] as const) {
    if (!metadata?.[field] || metadata[field] === at[field]) continue;
    if (field === 'namespace') {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    const message = `Invalid value: "${metadata.name}": must match the service account name if specified`;
    throw invalid(definition, at.name, [{ field: 'metadata.name', reason: 'FieldValueInvalid', message }]);
  }
}

function checkExpiration(seconds: number): void {
  const problem =
    seconds < expirationSecondsMin
      ? 'may not specify a duration less than 10 minutes'
      : seconds > expirationSecondsAskedMax && 'may not specify a duration larger than 2^32 seconds';
  if (!problem) return;
  const message = `Invalid value: ${seconds}: ${problem}`;
  throw invalid(definition, '', [{ field: 'spec.expirationSeconds', reason: 'FieldValueInvalid', message }]);
}

interface Scope {
  namespace: string;
  account: string;
  objects: ObjectReader;
}

function boundTo(request: TokenRequest, scope: Scope): { pod?: BoundObject; secret?: BoundObject; node?: BoundObject } {
  const reference = request.spec?.boundObjectRef;
  if (!reference) return {};
  const name = reference.name ?? '';
  const { objects, namespace } = scope;
  const find = (plural: string, key: string) => {
    const object = objects.get('', plural, key);
    if (!object) throw notFound({ group: '', plural }, name);
    const uid = object.metadata?.uid ?? '';
    if (reference.uid && reference.uid !== uid) {
      throw conflict(
        { group: '', plural: reference.kind ?? '' },
        name,
        `the UID in the bound object reference (${reference.uid}) does not match the UID in record`,
      );
    }
    return { object, bound: { name, uid } };
  };
  if (reference.kind === 'Pod') return podBound(find('pods', `${namespace}/${name}`), scope);
  if (reference.kind === 'Secret') return { secret: find('secrets', `${namespace}/${name}`).bound };
  if (reference.kind === 'Node') return { node: find('nodes', name).bound };
  throw badRequest(`cannot bind token for serviceaccount "${scope.account}" to object type ${reference.kind}`);
}

/** A pod's token names the pod's node too. */
function podBound({ object, bound }: { object: KubeObject; bound: BoundObject }, { account, objects }: Scope) {
  const pod = object as V1Pod;
  if (pod.spec?.serviceAccountName !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name`,
    );
  }
  const nodeName = pod.spec?.nodeName;
  const uid = nodeName && objects.get('', 'nodes', nodeName)?.metadata?.uid;
  return uid ? { pod: bound, node: { name: nodeName, uid } } : { pod: bound };
}
