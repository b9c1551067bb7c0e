import { openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { CoreV1Event, V1Pod } from '../api/gen/types.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { StoreUnavailableError } from '../store/store.ts';
import { PodEvents } from './pod-events.ts';

describe('events about pods', () => {
  let scratch: ScratchRegistry;
  beforeEach(async () => {
    scratch = await openScratchRegistry();
  });
  afterEach(() => scratch.close());

  const news = (name: string) => {
    const pod: V1Pod = { metadata: { name, namespace: 'x', uid: name } };
    return { pod, reason: 'Scheduled', action: 'Binding', message: 'bound', reportedBy: 'default-scheduler' };
  };
  const told = async () => {
    const { documents } = await scratch.service('events').list({ namespace: 'x' });
    return documents.map((document) => (document.object as CoreV1Event).involvedObject.name);
  };

  const failures: Array<{ name: string; fail(scratch: ScratchRegistry): { uuid?: () => string; mend(): void } }> = [
    {
      name: 'making them failed',
      fail: () => ({
        uuid: () => {
          throw new Error('no randomness');
        },
        mend() {},
      }),
    },
    {
      name: 'the store was unavailable',
      fail({ store }) {
        const commit = store.commit.bind(store);
        store.commit = () => Promise.reject(new StoreUnavailableError('the disk is full'));
        return {
          mend() {
            store.commit = commit;
          },
        };
      },
    },
  ];
  it.each(failures)('are written again after $name', async ({ fail }) => {
    const random = seededRandom(3);
    const { uuid, mend } = fail(scratch);
    const source = { next: random.next, uuid: uuid ?? random.uuid };
    const { writer } = scratch.registry;
    const events = new PodEvents({ writer, clock: systemClock, random: source, logger: silentLogger });
    events.tell([news('lost')]);
    await events.flush();
    mend();
    source.uuid = random.uuid;
    events.tell([news('kept')]);
    await events.flush();
    expect(await told()).toEqual(['kept']);
  });
});
