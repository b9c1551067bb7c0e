import type { V1Pod, V1ServiceAccount, V1TokenRequestSpec } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import type { BoundObject, ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import { rfc3339 } from '../base/clock.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { badRequest, conflict, invalid, notFound } from './errors.ts';
import type { SubresourceCreator } from './subresource-creation.ts';

const expirationSecondsDefault = 3_600;
const expirationSecondsMin = 600;
/** A year; longer wishes are cut to it. */
const expirationSecondsMax = 31_536_000;

interface TokenRequest extends KubeObject {
  spec?: Partial<V1TokenRequestSpec>;
}

/** `POST serviceaccounts/NAME/token`: a token that ends by itself, and with the object that it is bound to. */
export function tokenCreator(tokens: ServiceAccountTokens, objects: ObjectReader): SubresourceCreator {
  return async ({ at, body, served }) => {
    const request = body as TokenRequest;
    const account = (await served.service.get(at)).object as V1ServiceAccount;
    const seconds = request.spec?.expirationSeconds ?? expirationSecondsDefault;
    if (seconds < expirationSecondsMin) {
      const message = 'may not specify a duration less than 10 minutes';
      throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
        {
          field: 'spec.expirationSeconds',
          reason: 'FieldValueInvalid',
          message: `Invalid value: ${seconds}: ${message}`,
        },
      ]);
    }
    const namespace = at.namespace ?? '';
    const expirationSeconds = Math.min(seconds, expirationSecondsMax);
    const audiences = request.spec?.audiences?.length ? request.spec.audiences : [tokens.issuer];
    const { token, expiresAtMs } = tokens.issue({
      namespace,
      serviceAccount: { name: at.name, uid: account.metadata?.uid ?? '' },
      audiences,
      expirationSeconds,
      ...boundTo(request, { namespace, account: at.name, objects }),
    });
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: at.name, namespace, creationTimestamp: null },
      spec: { ...request.spec, audiences, expirationSeconds },
      status: { token, expirationTimestamp: rfc3339(expiresAtMs) },
    };
  };
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
        { group: '', plural },
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
