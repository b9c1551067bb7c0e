import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { configmaps } from '../../../libs/api/kinds/configmap.ts';
import { runtimeclasses } from '../../../libs/api/kinds/runtimeclass.ts';
import { secrets } from '../../../libs/api/kinds/secret.ts';
import { serviceaccounts } from '../../../libs/api/kinds/serviceaccount.ts';
import type { KubeObject, Resource } from '../../../libs/api/meta.ts';
import { StatusError } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';
import type { CallRequest, CreateToken, ReadObject } from '../../../libs/wire/gen/berth/node/v1/session.ts';
import type { Board } from './board.ts';

export interface NodeCallsOptions {
  client: Client;
  board: Board;
  /** Certifies the key of a request under the node's name. */
  certify: (nodeName: string, request: string) => Promise<string>;
}

interface TokenRequest extends KubeObject {
  spec?: unknown;
  status?: { token?: string; expirationTimestamp?: string };
}

/** Not (yet) a built-in kind; the client needs no more than its address. */
const persistentvolumeclaims: Resource = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
};
const readable: Record<string, Resource> = {
  configmaps,
  secrets,
  serviceaccounts,
  persistentvolumeclaims,
  runtimeclasses,
};

/**
 * Answers what an agent asks, as far as it concerns its own node: a node may see and be what its pods may. The same rule
 * as the Node authoriser of Kubernetes.
 */
export class NodeCalls {
  constructor(private readonly options: NodeCallsOptions) {}

  async answer(nodeName: string, call: NonNullable<CallRequest['call']>): Promise<unknown> {
    switch (call.$case) {
      case 'createToken':
        return await this.createToken(nodeName, call.value);
      case 'readObject':
        return await this.readObject(nodeName, call.value);
      case 'renewCertificate':
        return { certificate: await this.options.certify(nodeName, call.value) };
    }
  }

  private async createToken(nodeName: string, request: CreateToken): Promise<unknown> {
    const { namespace, serviceAccountName, podName, podUid } = request;
    const pod = this.options.board.pod(`${namespace}/${podName}`);
    const own = pod?.metadata?.uid === podUid && pod.spec?.nodeName === nodeName;
    if (!own || accountOf(pod) !== serviceAccountName) {
      throw forbidden(nodeName, `no pod ${namespace}/${podName} with service account ${serviceAccountName} runs on it`);
    }
    const body: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: request.audiences,
        expirationSeconds: request.expirationSeconds || undefined,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: podName, uid: podUid },
      },
    };
    const at = { namespace, name: serviceAccountName };
    const answer = await this.options.client.createSubresource<TokenRequest>(serviceaccounts, at, body, {
      subresource: 'token',
    });
    return { token: answer.status?.token, expirationTimestamp: answer.status?.expirationTimestamp };
  }

  private async readObject(nodeName: string, request: ReadObject): Promise<KubeObject> {
    const { resource, namespace, name } = request;
    const definition = readable[resource];
    if (!definition) throw forbidden(nodeName, `it may not read ${resource}`);
    if (!this.mayRead(nodeName, request)) {
      throw forbidden(nodeName, `no pod on it refers to ${resource} ${namespace}/${name}`);
    }
    return await this.options.client.get(definition, definition.namespaced ? { namespace, name } : { name });
  }

  private mayRead(nodeName: string, { resource, namespace, name }: ReadObject): boolean {
    const { board } = this.options;
    if (board.refersTo(nodeName, `${resource}/${namespace}/${name}`)) return true;
    if (resource === 'runtimeclasses') return board.podsOf(nodeName).some((pod) => pod.spec?.runtimeClassName === name);
    const pods = board.podsOf(nodeName).filter((pod) => pod.metadata?.namespace === namespace);
    if (resource === 'serviceaccounts') return pods.some((pod) => accountOf(pod) === name);
    if (resource !== 'persistentvolumeclaims') return false;
    return pods.some((pod) => pod.spec?.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === name));
  }
}

const accountOf = (pod: V1Pod): string => pod.spec?.serviceAccountName || 'default';

function forbidden(nodeName: string, why: string): StatusError {
  return new StatusError('Forbidden', `node ${nodeName} is refused: ${why}`);
}
