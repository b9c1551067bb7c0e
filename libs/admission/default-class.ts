import type { V1Ingress, V1PersistentVolumeClaim } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { AdmissionPlugin } from './chain.ts';

const storageGroup = 'storage.k8s.io';
const defaultStorage = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const storageAnnotation = 'volume.beta.kubernetes.io/storage-class';
const networkGroup = 'networking.k8s.io';
const defaultIngress = ['ingressclass.kubernetes.io/is-default-class'];
const ingressAnnotation = 'kubernetes.io/ingress.class';

/** Claims that name no storage class get the default one. One that names '' wants none. */
export function defaultStorageClass(objects: ObjectReader): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    resources: ['/persistentvolumeclaims'],
    admit({ operation, object, subresource }) {
      if (operation !== 'create' || subresource !== undefined) return;
      const { metadata, spec } = object as V1PersistentVolumeClaim;
      if (!spec || spec.storageClassName !== undefined || metadata?.annotations?.[storageAnnotation] !== undefined)
        return;
      const name = newestMarked(objects.list(storageGroup, 'storageclasses'), defaultStorage);
      if (name !== undefined) spec.storageClassName = name;
    },
  };
}

/** Ingresses that name no class get the default one. */
export function defaultIngressClass(objects: ObjectReader): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    resources: [`${networkGroup}/ingresses`],
    admit({ operation, object, subresource }) {
      if (operation !== 'create' || subresource !== undefined) return;
      const { metadata, spec } = object as V1Ingress;
      if (!spec || spec.ingressClassName !== undefined || metadata?.annotations?.[ingressAnnotation] !== undefined)
        return;
      const name = newestMarked(objects.list(networkGroup, 'ingressclasses'), defaultIngress);
      if (name !== undefined) spec.ingressClassName = name;
    },
  };
}

/** Of several defaults the one made last; of several made at once the first by name. */
function newestMarked(classes: readonly KubeObject[], marks: readonly string[]): string | undefined {
  const marked = classes.filter(({ metadata }) => marks.some((mark) => metadata?.annotations?.[mark] === 'true'));
  const made = ({ metadata }: KubeObject) => metadata?.creationTimestamp ?? '';
  const named = ({ metadata }: KubeObject) => metadata?.name ?? '';
  const [first] = marked.sort((a, b) => {
    if (made(a) !== made(b)) return made(a) > made(b) ? -1 : 1;
    return named(a) < named(b) ? -1 : 1;
  });
  return first?.metadata?.name;
}
