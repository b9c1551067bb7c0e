import { FakeClock } from '../../test/support/fake-clock.ts';
import { FakeMirror } from '../../test/support/fake-link.ts';
import type { V1EndpointSlice, V1Service } from '../api/gen/types.ts';
import { waitForZone } from './node-network.ts';

describe('the first zone', () => {
  function waiting() {
    const clock = new FakeClock();
    const services = new FakeMirror<V1Service>();
    const endpointslices = new FakeMirror<V1EndpointSlice>();
    services.synced = false;
    endpointslices.synced = false;
    const { ready, stop } = waitForZone({ services, endpointslices }, clock);
    return { clock, services, endpointslices, ready, stop };
  }
  const service: V1Service = { metadata: { namespace: 'ns', name: 's' } };

  it('is waited for until services and endpoints are known', async () => {
    const { services, endpointslices, ready } = waiting();
    const answer = ready();
    endpointslices.synced = true;
    services.synced = true;
    services.set(service);
    expect(await answer).toBe(true);
    expect(await ready()).toBe(true);
  });

  it('is not waited for for ever', async () => {
    const { clock, services, endpointslices, ready } = waiting();
    const answer = ready();
    await clock.advance(3_100);
    expect(await answer).toBe(false);
    expect(await ready()).toBe(false);
    services.synced = true;
    endpointslices.synced = true;
    expect(await ready()).toBe(true);
  });
});
