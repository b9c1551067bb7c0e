import { FakeClock } from '../../../test/support/fake-clock.ts';
import { podOf } from '../../../test/support/observed.ts';
import { rfc3339 } from '../../base/clock.ts';
import { Tokens } from './tokens.ts';

const hourMs = 3_600_000;
const wish = { audiences: [], expirationSeconds: 3600 };

function tokensOver(lifeMs: number) {
  const clock = new FakeClock();
  const state = { asked: 0, away: false };
  const createToken = async () => {
    state.asked++;
    if (state.away) throw new Error('no session with the control plane');
    return { token: `token ${state.asked}`, expirationTimestamp: rfc3339(clock.now() + lifeMs) };
  };
  return { clock, state, tokens: new Tokens({ createToken }, clock) };
}

describe('tokens of pods', () => {
  it.each<[string, number, number, string]>([
    ['young', hourMs, 0.79 * hourMs, 'token 1'],
    ['near its end', hourMs, 0.81 * hourMs, 'token 2'],
    ['long-lived and younger than a day', 1000 * hourMs, 23 * hourMs, 'token 1'],
    ['long-lived and older than a day', 1000 * hourMs, 25 * hourMs, 'token 2'],
  ])('one that is %s', async (_, lifeMs, ageMs, token) => {
    const { clock, tokens } = tokensOver(lifeMs);
    await tokens.get(podOf(), wish);
    await clock.advance(ageMs);
    expect(await tokens.get(podOf(), wish)).toBe(token);
  });

  it('are one for each pod and wish', async () => {
    const { tokens } = tokensOver(hourMs);
    const other = { ...podOf(), metadata: { ...podOf().metadata, uid: 'u2' } };
    const wishes = [wish, { ...wish, audiences: ['vault'] }, { ...wish, expirationSeconds: 600 }];
    const found = [];
    for (const pod of [podOf(), other]) for (const each of [...wishes, wish]) found.push(await tokens.get(pod, each));
    expect(found).toEqual([1, 2, 3, 1, 4, 5, 6, 4].map((number) => `token ${number}`));
  });

  it('are asked for once by those who come together', async () => {
    const { tokens, state } = tokensOver(hourMs);
    const both = await Promise.all([tokens.get(podOf(), wish), tokens.get(podOf(), wish)]);
    expect(both).toEqual(['token 1', 'token 1']);
    expect(state.asked).toBe(1);
  });

  it('serve on while none can be had, until they expire', async () => {
    const { clock, state, tokens } = tokensOver(hourMs);
    await tokens.get(podOf(), wish);
    state.away = true;
    await clock.advance(0.9 * hourMs);
    expect(await tokens.get(podOf(), wish)).toBe('token 1');
    await clock.advance(0.2 * hourMs);
    await expect(tokens.get(podOf(), wish)).rejects.toThrow('no session');
    state.away = false;
    expect(await tokens.get(podOf(), wish)).toMatch(/^token \d$/);
  });

  it('are asked for again after a failure', async () => {
    const { state, tokens } = tokensOver(hourMs);
    state.away = true;
    await expect(tokens.get(podOf(), wish)).rejects.toThrow('no session');
    state.away = false;
    expect(await tokens.get(podOf(), wish)).toBe('token 2');
  });

  it('that come after their pod was forgotten are not kept', async () => {
    const { tokens } = tokensOver(hourMs);
    const late = tokens.get(podOf(), wish);
    tokens.forget('u');
    expect([await late, await tokens.get(podOf(), wish)]).toEqual(['token 1', 'token 2']);
  });

  it('are forgotten with their pod, and with no other', async () => {
    const { tokens } = tokensOver(hourMs);
    const other = { ...podOf(), metadata: { ...podOf().metadata, uid: 'u2' } };
    await tokens.get(podOf(), wish);
    await tokens.get(other, wish);
    tokens.forget('u');
    expect([await tokens.get(other, wish), await tokens.get(podOf(), wish)]).toEqual(['token 2', 'token 3']);
  });
});
