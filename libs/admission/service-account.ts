import type { V1Container, V1Pod, V1PodSpec, V1ServiceAccount, V1Volume } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';
import { type Random, randomSuffix } from '../base/random.ts';
import type { Collection } from '../cache/collection.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { forbidden } from '../registry/errors.ts';
import type { AdmissionPlugin } from './chain.ts';

const pods = { group: '', plural: 'pods' };
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** One hour and a little: the extra lets nodes renew a token before an hour is over. */
const tokenExpirationSeconds = 3_607;
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const volumePrefix = 'kube-api-access-';
const defaultAccount = 'default';
/** A controller makes the default account of a new namespace. Pods that come before it wait for it this long. */
const defaultAccountWaitMsMax = 1_500;

/** Every pod runs as a service account that exists, and finds its token, the CA and its namespace in a volume. */
export function serviceAccounts(mirror: StoreMirror, random: Random, clock: Clock): AdmissionPlugin {
  const accounts = mirror.collection('', 'serviceaccounts');
  const find = (key: string) => accounts.get(key)?.object as V1ServiceAccount | undefined;
  return {
    name: 'ServiceAccount',
    resources: ['/pods'],
    admit({ operation, object, subresource }) {
      if (operation !== 'create' || subresource !== undefined) return undefined;
      const pod = object as V1Pod;
      const spec = pod.spec;
      if (!spec || pod.metadata?.annotations?.[mirrorAnnotation]) return undefined;
      spec.serviceAccountName ||= defaultAccount;
      spec.serviceAccount = spec.serviceAccountName;
      const key = `${pod.metadata?.namespace}/${spec.serviceAccountName}`;
      const account = find(key);
      if (account) return complete(spec, account, random);
      return mirror.current().then(async () => {
        if (!find(key) && spec.serviceAccountName === defaultAccount) await appearance(accounts, key, clock);
        const found = find(key);
        if (!found) throw missing(pod, spec.serviceAccountName!);
        complete(spec, found, random);
      });
    },
  };
}

/** Resolves when the object is there, or when it is not there in time. */
function appearance(collection: Collection, key: string, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      subscription.cancel();
      resolve();
    };
    const timer = clock.setTimer(defaultAccountWaitMsMax, done);
    const event = () => (collection.get(key) ? done() : undefined);
    const subscription = collection.watch({}, collection.lastChange, { event, expired: done });
  });
}

function missing(pod: V1Pod, account: string) {
  const { name, generateName, namespace } = pod.metadata ?? {};
  const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
  return forbidden(pods, name ?? generateName ?? '', why);
}

function complete(spec: V1PodSpec, account: V1ServiceAccount, random: Random): void {
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
    spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }));
  }
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, random);
}

function mountToken(spec: V1PodSpec, random: Random): void {
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix));
  const name = existing?.name ?? freeName(spec, random);
  const containers: V1Container[] = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const needed = containers.filter((one) => !one.volumeMounts?.some((mount) => mount.mountPath === mountPath));
  if (needed.length === 0) return;
  for (const container of needed) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  }
  if (!existing) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function freeName(spec: V1PodSpec, random: Random): string {
  for (;;) {
    const name = volumePrefix + randomSuffix(random);
    if (!spec.volumes?.some((volume) => volume.name === name)) return name;
  }
}

const readableByAllMode = 0o644;

function tokenVolume(name: string): V1Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenExpirationSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: readableByAllMode,
    },
  };
}
