import type { V1APIService, V1ConfigMap } from '../../../libs/api/gen/types.ts';
import { schema } from '../../../libs/api/schema/schema.ts';
import type { Registry } from '../../../libs/registry/registry.ts';
import type { InitialObject } from '../initial-objects.ts';
import { frontProxyHeaders, frontProxyName } from './front-proxy.ts';

const managed = { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' };
const coreGroupPriority = 18_000;
const groupPriority = 17_500;
const versionPriorityFirst = 15;

/** The APIServices of the versions that this server answers for itself. */
export function localApiServices(registry: Registry): InitialObject[] {
  const builtIn = registry.all().filter(({ definition }) => schema.has(definition.type));
  const pairs = builtIn.map(({ definition }) => `${definition.group}/${definition.version}`);
  return [...new Set(pairs)].map((pair) => {
    const [group = '', version = ''] = pair.split('/');
    const object: V1APIService = {
      metadata: { name: `${version}.${group}`, labels: managed },
      spec: {
        group,
        version,
        groupPriorityMinimum: group === '' ? coreGroupPriority : groupPriority,
        versionPriority: versionPriorityFirst,
      },
    };
    return { group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices', object };
  });
}

/** By this, aggregated servers know whom to believe: the authorities of clients and of this server as their proxy. */
export function authenticationConfig(authorities: { clients: string; front: string | undefined }): InitialObject {
  const list = (...values: string[]) => JSON.stringify(values);
  const title = (header: string) => header.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
  const front: Record<string, string> =
    authorities.front === undefined
      ? {}
      : {
          'requestheader-allowed-names': list(frontProxyName),
          'requestheader-client-ca-file': authorities.front,
          'requestheader-extra-headers-prefix': list(title(frontProxyHeaders.extraPrefix)),
          'requestheader-group-headers': list(title(frontProxyHeaders.group)),
          'requestheader-uid-headers': list(title(frontProxyHeaders.uid)),
          'requestheader-username-headers': list(title(frontProxyHeaders.user)),
        };
  const object: V1ConfigMap = {
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: { 'client-ca-file': authorities.clients, ...front },
  };
  return { group: '', version: 'v1', plural: 'configmaps', object };
}
