import { FakeClock } from '../../test/support/fake-clock.ts';
import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Pod } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import { seededRandom } from '../base/random.ts';
import { isStatus } from '../base/status.ts';
import type { AdmissionAttributes } from '../registry/parts.ts';
import { serviceAccounts } from './service-account.ts';

describe('pods that come before the accounts they run as', () => {
  let scratch: ScratchRegistry;
  const clock = new FakeClock();

  beforeEach(async () => {
    scratch = await openScratchRegistry();
    await scratch.service('serviceaccounts').delete({ namespace: 'x', name: 'default' }, deletes());
    await scratch.mirror.current();
  });

  afterEach(() => scratch.close());

  const admitted = (account?: string) => {
    const pod = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p', namespace: 'x' },
      spec: { containers: [{ name: 'c', image: 'i' }], serviceAccountName: account },
    } as KubeObject & V1Pod;
    const definition = { group: '', plural: 'pods' };
    const attributes = { operation: 'create', definition, object: pod } as unknown as AdmissionAttributes;
    const plugin = serviceAccounts(scratch.mirror, seededRandom(1), clock);
    return { pod, done: Promise.resolve(plugin.admit?.(attributes)) };
  };
  const make = (name: string) => {
    const account = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name } };
    return scratch.service('serviceaccounts').create({ namespace: 'x' }, bodyOf(account), asks());
  };
  const refusal = (done: Promise<unknown>) =>
    done.then(
      () => 'admitted',
      (error: unknown) => (isStatus(error, 'Forbidden') ? 'refused' : String(error)),
    );

  it('wait for the default one', async () => {
    const { pod, done } = admitted();
    await make('other');
    await make('default');
    await done;
    expect(pod.spec).toMatchObject({ serviceAccountName: 'default', volumes: [{ projected: expect.anything() }] });
    expect(clock.timers).toBe(0);
  });

  it('are refused when it does not come', async () => {
    const verdict = refusal(admitted().done);
    await scratch.mirror.current();
    await clock.advance(1_500);
    expect(await verdict).toBe('refused');
  });

  it('are refused at once when they name another', async () => {
    expect(await refusal(admitted('other').done)).toBe('refused');
    expect(clock.timers).toBe(0);
  });
});
