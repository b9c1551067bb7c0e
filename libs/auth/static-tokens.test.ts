import { StaticTokens } from './static-tokens.ts';

describe('tokens of a file', () => {
  const tokens = new StaticTokens('# people\nsecret-1,jane,7,"dev, ops"\nsecret-2,"joe ""j""",8\n\n');

  it.each([
    ['secret-1', { name: 'jane', uid: '7', groups: ['dev', 'ops', 'system:authenticated'] }],
    ['secret-2', { name: 'joe "j"', uid: '8', groups: ['system:authenticated'] }],
    ['secret-3', undefined],
    ['', undefined],
  ])('%s stands for %j', async (token, user) => {
    expect(await tokens.authenticate(token)).toEqual(user);
  });

  it.each(['a,b', ',b,c', 'x'])('cannot be read from %j', (line) => {
    expect(() => new StaticTokens(`ok,a,1\n${line}`)).toThrow('line 2');
  });
});
