import { secrets } from '../../libs/api/kinds/secret.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { seededRandom } from '../../libs/base/random.ts';
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

  it('say since when there are any', () => {
    expect(useNotedSince(Date.parse('2026-03-04T05:06:07Z')).object).toMatchObject({ data: { since: '2026-03-04' } });
  });
});
