import { deployments } from '../../libs/api/kinds/deployment.ts';
import { endpointslices } from '../../libs/api/kinds/endpointslice.ts';
import { events } from '../../libs/api/kinds/event.ts';
import { namespaces } from '../../libs/api/kinds/namespace.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { replicasets } from '../../libs/api/kinds/replicaset.ts';
import { services } from '../../libs/api/kinds/service.ts';
import { serviceaccounts } from '../../libs/api/kinds/serviceaccount.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FakeKubelet } from '../../test/support/fake-kubelet.ts';
import { makeDeployment, makeTemplate } from '../../test/support/make-deployment.ts';
import { startControllers } from './start.ts';

async function startWorld() {
  const clock = new FakeClock();
  const random = seededRandom(7);
  const client = new FakeClient({ clock, random });
  const kubelet = new FakeKubelet({ client, clock });
  const controllers = await startControllers({
    client,
    clock,
    random,
    logger: silentLogger,
    metrics: noMetrics,
    rootCa: 'PEM',
    disabled: ['podgc'],
  });
  kubelet.start();
  return {
    clock,
    client,
    stop: async () => {
      await controllers.stop();
      await kubelet.stop();
    },
  };
}

describe('the controllers together', () => {
  it('bring a Deployment and its service up, roll it, and scale it', async () => {
    const { client, clock, stop } = await startWorld();
    await client.create(namespaces, { metadata: { name: 'default' } });
    await client.create(deployments, makeDeployment('web'));
    const service = { selector: { app: 'web' }, ports: [{ port: 80 }], clusterIP: '10.96.0.5' };
    await client.create(services, { metadata: { name: 'web', namespace: 'default' }, spec: service });
    await clock.advance(5_000);
    expect(client.peek(pods)).toHaveLength(3);
    const ready = () =>
      client.peek(endpointslices).flatMap((slice) => slice.endpoints?.filter((endpoint) => endpoint.conditions?.ready));
    expect(ready()).toHaveLength(3);
    expect(client.peek(serviceaccounts).map((account) => account.metadata?.name)).toEqual(['default']);
    let [web] = client.peek(deployments);
    expect(web?.status).toMatchObject({ replicas: 3, availableReplicas: 3, updatedReplicas: 3, observedGeneration: 1 });
    expect(web?.status?.conditions?.map((c) => `${c.type}=${c.status} ${c.reason}`).sort()).toEqual([
      'Available=True MinimumReplicasAvailable',
      'Progressing=True NewReplicaSetAvailable',
    ]);
    expect(web?.metadata?.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });

    await client.patch(
      deployments,
      { namespace: 'default', name: 'web' },
      {
        type: 'merge',
        body: { spec: { template: makeTemplate('web', 'busybox:2'), replicas: 5 } },
      },
    );
    await clock.advance(60_000);
    [web] = client.peek(deployments);
    expect(web?.status).toMatchObject({ replicas: 5, availableReplicas: 5, updatedReplicas: 5, observedGeneration: 2 });
    expect(client.peek(pods).map((pod) => pod.spec?.containers[0]?.image)).toEqual(Array(5).fill('busybox:2'));
    expect(
      client
        .peek(replicasets)
        .map((one) => one.spec?.replicas)
        .sort(),
    ).toEqual([0, 5]);
    expect(ready()).toHaveLength(5);
    const said = new Set(client.peek(events).map((event) => event.reason));
    expect([...said].sort()).toEqual(['ScalingReplicaSet', 'SuccessfulCreate', 'SuccessfulDelete']);
    await stop();
  });
});
