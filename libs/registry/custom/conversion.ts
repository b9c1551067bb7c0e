import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1CustomResourceDefinition } from '../../api/gen/types.ts';
import type { KubeObject, ObjectMeta } from '../../api/meta.ts';
import type { Random } from '../../base/random.ts';
import { StatusError } from '../../base/status.ts';

/** Where a conversion webhook answers. */
export type ConversionTarget = NonNullable<
  NonNullable<NonNullable<V1CustomResourceDefinition['spec']['conversion']>['webhook']>['clientConfig']
>;

/** How conversion webhooks are called. Rejects when there is no answer. */
export interface ConversionCalls {
  post(target: ConversionTarget, body: Buffer, timeoutMs: number): Promise<unknown>;
  readonly random: Random;
}

const timeoutMs = 30_000;
const reviewVersion = 'apiextensions.k8s.io/v1';

interface ConversionResponse {
  readonly uid?: string;
  readonly convertedObjects?: KubeObject[];
  readonly result?: { status?: string; message?: string };
}

/** How the objects of a definition come from one of its versions into another; undefined where there is one only. */
export function conversionOf(
  crd: V1CustomResourceDefinition,
  calls: ConversionCalls | undefined,
): ResourceDefinition['conversion'] {
  const { group, versions, conversion } = crd.spec;
  const stored = versions.find((one) => one.storage)?.name;
  if (versions.length < 2 || stored === undefined) return undefined;
  const storedApiVersion = `${group}/${stored}`;
  const { clientConfig } = conversion?.webhook ?? {};
  if (conversion?.strategy === 'Webhook' && clientConfig && calls) {
    return {
      storedApiVersion,
      convert: (objects, apiVersion) => convertBy(calls, { crd, target: clientConfig, objects, apiVersion }),
    };
  }
  return { storedApiVersion, convert: (objects, apiVersion) => objects.map((object) => ({ ...object, apiVersion })) };
}

interface Wish {
  readonly crd: V1CustomResourceDefinition;
  readonly target: ConversionTarget;
  readonly objects: readonly KubeObject[];
  readonly apiVersion: string;
}

/** Those that are in the version already need nobody's help. */
async function convertBy(calls: ConversionCalls, wish: Wish): Promise<KubeObject[]> {
  const { objects, apiVersion } = wish;
  const others = objects.filter((object) => object.apiVersion !== apiVersion);
  if (others.length === 0) return [...objects];
  const converted = await ask(calls, { ...wish, objects: others });
  return objects.map((object) => (object.apiVersion === apiVersion ? object : converted.shift()!));
}

async function ask(calls: ConversionCalls, { crd, target, objects, apiVersion }: Wish): Promise<KubeObject[]> {
  const { names, group } = crd.spec;
  const fail = (why: string, cause?: unknown): never => {
    const from = objects[0]?.apiVersion ?? group;
    const message = `conversion webhook for ${from}, Kind=${names.kind} failed: ${why}`;
    throw new StatusError('InternalError', `Internal error occurred: ${message}`, { cause });
  };
  const versions = crd.spec.conversion?.webhook?.conversionReviewVersions ?? [];
  if (!versions.includes('v1')) fail('it does not accept known ConversionReview versions (v1)');
  const uid = calls.random.uuid();
  const request = { uid, desiredAPIVersion: apiVersion, objects };
  const body = Buffer.from(JSON.stringify({ kind: 'ConversionReview', apiVersion: reviewVersion, request }));
  const answer = await calls.post(target, body, timeoutMs).catch((error: Error) => fail(error.message, error));
  const { response } = answer as { response?: ConversionResponse };
  if (response?.uid !== uid) fail('it answered another question');
  const { result, convertedObjects = [] } = response ?? {};
  if (result?.status !== 'Success') fail(result?.message ?? 'it gave no reason');
  if (convertedObjects.length !== objects.length) {
    fail(`it answered with ${convertedObjects.length} objects for ${objects.length}`);
  }
  return convertedObjects.map((converted, index) => {
    const original = objects[index]!;
    if (converted.apiVersion !== apiVersion || converted.kind !== original.kind) {
      fail(`it answered with ${converted.apiVersion}, Kind=${converted.kind} for ${apiVersion}, Kind=${original.kind}`);
    }
    return { ...converted, metadata: metadataOf(converted, original, fail) };
  });
}

/** Of metadata, a conversion changes labels and annotations; who the object is stays as it was. */
function metadataOf(converted: KubeObject, original: KubeObject, fail: (why: string) => never): ObjectMeta {
  const { name, namespace, uid, labels, annotations } = converted.metadata ?? {};
  const before = original.metadata ?? {};
  if (name !== before.name || namespace !== before.namespace || uid !== before.uid) {
    fail('it changed who an object is: its name, namespace or uid');
  }
  return { ...before, labels, annotations };
}
