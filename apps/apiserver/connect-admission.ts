import type { KubeObject } from '../../libs/api/meta.ts';
import type { UserInfo } from '../../libs/auth/user.ts';
import type { Admission } from '../../libs/registry/parts.ts';
import type { Registry } from '../../libs/registry/registry.ts';
import type { RequestInfo } from './request-info.ts';

/** The kinds by which a stream says what it wants, by resource and subresource of the core group. */
const optionsKinds: Readonly<Record<string, string>> = {
  'pods/exec': 'PodExecOptions',
  'pods/attach': 'PodAttachOptions',
  'pods/portforward': 'PodPortForwardOptions',
  'pods/proxy': 'PodProxyOptions',
  'services/proxy': 'ServiceProxyOptions',
  'nodes/proxy': 'NodeProxyOptions',
};

/** Lets admission look at a stream that is opened into a pod, service or node. */
export class ConnectAdmission {
  constructor(
    private readonly registry: Registry,
    private readonly admission: Admission,
  ) {}

  /** undefined when nothing had to be waited for. @throws StatusError. */
  admit(info: RequestInfo, user: UserInfo): Promise<void> | undefined {
    const { resource, query, rest } = info;
    if (!resource?.subresource || resource.group !== '') return undefined;
    const kind = optionsKinds[`${resource.plural}/${resource.subresource}`];
    const served = kind && this.registry.resource('', resource.version, resource.plural);
    if (!served) return undefined;
    const attributes = {
      operation: 'connect' as const,
      definition: served.definition,
      at: { namespace: resource.namespace, name: resource.name },
      object: { kind, apiVersion: 'v1', ...optionsOf(resource.subresource, query, rest) } as KubeObject,
      previous: undefined,
      request: { user, warn: () => {}, dryRun: false },
      subresource: resource.subresource,
    };
    const admitted = this.admission.admit(attributes);
    return admitted ? admitted.then(() => this.admission.validate(attributes)) : this.admission.validate(attributes);
  }
}

function optionsOf(subresource: string, query: URLSearchParams, rest: string): object {
  if (subresource === 'proxy') return { path: `/${rest}` };
  if (subresource === 'portforward') return { ports: query.getAll('ports').map(Number) };
  const flag = (name: string) => (['1', 'true'].includes(query.get(name) ?? '') ? true : undefined);
  const command = query.getAll('command');
  return {
    stdin: flag('stdin'),
    stdout: flag('stdout'),
    stderr: flag('stderr'),
    tty: flag('tty'),
    container: query.get('container') ?? undefined,
    command: subresource === 'exec' ? command : undefined,
  };
}
