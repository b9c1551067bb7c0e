import type { RequestAttributes } from './attributes.ts';
import { impersonated } from './impersonation.ts';
import type { UserInfo } from './user.ts';

describe('who acts as another', () => {
  const mayAll = { authorize: () => ({ verdict: 'allow' as const }) };
  const admin: UserInfo = { name: 'admin', groups: [] };

  it.each<[string, Record<string, string>, Partial<UserInfo>]>([
    ['a person', { 'impersonate-user': 'jane' }, { name: 'jane', groups: ['system:authenticated'] }],
    ['nobody', { 'impersonate-user': 'system:anonymous' }, { groups: ['system:unauthenticated'] }],
    [
      'a service account',
      { 'impersonate-user': 'system:serviceaccount:n:a' },
      { groups: ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'] },
    ],
    [
      'somebody with all that belongs to them',
      { 'impersonate-user': 'j', 'impersonate-group': 'a, b', 'impersonate-uid': '7', 'impersonate-extra-a%2fb': 'x' },
      { uid: '7', groups: ['a', 'b', 'system:authenticated'], extra: { 'a/b': ['x'] } },
    ],
    [
      'a key that is not well encoded',
      { 'impersonate-user': 'j', 'impersonate-extra-%': 'x' },
      { extra: { '%': ['x'] } },
    ],
  ])('is %s', (_, headers, user) => {
    expect(impersonated(mayAll, admin, headers)).toMatchObject(user);
  });

  it('may do so for each part only', () => {
    const asked: string[] = [];
    const authorizer = {
      authorize: (_user: UserInfo, { resource }: RequestAttributes) => {
        asked.push(`${resource?.plural}/${resource?.subresource ?? ''} ${resource?.name}`);
        return { verdict: 'allow' as const };
      },
    };
    const headers = { 'impersonate-user': 'j', 'impersonate-group': 'g', 'impersonate-uid': '7' };
    impersonated(authorizer, admin, { ...headers, 'impersonate-extra-__proto__': 'x' });
    expect(asked).toEqual(['users/ j', 'groups/ g', 'uids/ 7', 'userextras/__proto__ x']);
  });
});
