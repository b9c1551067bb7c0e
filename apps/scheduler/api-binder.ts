import type { V1Binding } from '../../libs/api/gen/types.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import type { Binder, Binding, Client } from '../../libs/client/client.ts';
import { outcomesOf } from './outcomes.ts';

/** Binds through the API, one request for each pod and all of them at once: for a scheduler in a process of its own. */
export class ApiBinder implements Binder {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  bindAll(bindings: readonly Binding[]): Promise<Array<Error | undefined>> {
    return outcomesOf(bindings.map((binding) => this.bind(binding)));
  }

  private async bind({ namespace, name, uid, nodeName }: Binding): Promise<void> {
    const body: V1Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    };
    await this.client.createSubresource(pods, { namespace, name }, body, { subresource: 'binding' });
  }
}
