import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { V1DaemonSet, V1PodTemplateSpec } from '../api/gen/types.ts';
import { daemonsets } from '../api/kinds/daemonset.ts';
import { silentLogger } from '../base/log.ts';
import { noMetrics } from '../base/metrics.ts';
import { seededRandom } from '../base/random.ts';
import { InformerSet } from '../client/informer-set.ts';
import { EventRecorder } from './events.ts';
import { Revisions, templateOf } from './revisions.ts';

describe('the revisions of a template', () => {
  it('have names in the order in which Go clients write them, and are told again', async () => {
    const clock = new FakeClock();
    const random = seededRandom(1);
    const client = new FakeClient({ clock, random });
    const informers = new InformerSet({ client, clock });
    const events = new EventRecorder({ client, clock, random, component: 'test' });
    const context = { client, informers, clock, random, logger: silentLogger, metrics: noMetrics, events };
    const revisions = new Revisions<V1DaemonSet & { spec?: { template: V1PodTemplateSpec } }>(context, daemonsets);
    informers.start();
    const template = { spec: { containers: [{ name: 'c', image: 'i' }] }, metadata: { labels: { b: '1', a: '2' } } };
    const owner = { metadata: { name: 'd', namespace: 'default', uid: 'u' } };
    const { current } = await revisions.sync(owner, template);
    expect(JSON.stringify(current.data)).toBe(
      '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"2","b":"1"}},' +
        '"spec":{"containers":[{"image":"i","name":"c"}]}}}}',
    );
    expect(templateOf(current)).toEqual(template);
    await clock.advance(1);
    expect((await revisions.sync(owner, template)).current.metadata?.name).toBe(current.metadata?.name);
    await informers.stop();
  });
});
