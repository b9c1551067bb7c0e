import { secrets } from '../../libs/api/kinds/secret.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { seededRandom } from '../../libs/base/random.ts';
import type { Client } from '../../libs/client/client.ts';
import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { SecretUseNotes, useNotedSince } from './secret-use.ts';

const label = 'kubernetes.io/legacy-token-last-used';
const dayMs = 86_400_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

describe('notes on the use of tokens', () => {
  it('are written once a day', async () => {
    const clock = new FakeClock();
    const client = new FakeClient({ clock, random: seededRandom(1) });
    const notes = new SecretUseNotes({ client, clock, logger: silentLogger });
    await client.create(secrets, { metadata: { name: 's', namespace: 'n' } });
    const only = () => client.peek(secrets)[0]!;
    const noted = async () => {
      notes.note(only());
      notes.note(only());
      await clock.advance(1);
      return only().metadata;
    };
    const first = await noted();
    expect(first?.labels).toEqual({ [label]: dayOf(clock.now()) });
    expect((await noted())?.resourceVersion).toBe(first?.resourceVersion);
    await clock.advance(dayMs);
    expect((await noted())?.labels).toEqual({ [label]: dayOf(clock.now()) });
  });

  it('are tried again a minute after one has failed, not each time the token is shown', async () => {
    const clock = new FakeClock();
    let tries = 0;
    const patch = async () => {
      tries++;
      throw new Error('refused');
    };
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const notes = new SecretUseNotes({ client: { patch } as unknown as Client, clock, logger });
    const triesAfter = async (ms: number) => {
      await clock.advance(ms);
      for (const uid of ['a', 'b', 'a', 'b']) {
        notes.note({ metadata: { name: uid, namespace: 'n', uid } });
        await clock.settle();
      }
      return tries;
    };
    expect([await triesAfter(0), await triesAfter(59_999), await triesAfter(1)]).toEqual([2, 2, 4]);
    expect(warnings).toHaveLength(4);
  });

  it('say since when there are any', () => {
    expect(useNotedSince(Date.parse('2026-03-04T05:06:07Z')).object).toMatchObject({ data: { since: '2026-03-04' } });
  });
});
