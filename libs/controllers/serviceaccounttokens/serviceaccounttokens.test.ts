import { type ControllerWorld, startControllers } from '../../../test/support/controller-world.ts';
import type { V1Secret, V1ServiceAccount } from '../../api/gen/types.ts';
import { secrets } from '../../api/kinds/secret.ts';
import { serviceaccounts } from '../../api/kinds/serviceaccount.ts';
import { filled, isFor, type TokenFacts } from './compute.ts';
import { newServiceAccountTokensController } from './reconcile.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const facts: TokenFacts = { rootCa: 'PEM', sign: (claims) => JSON.stringify(claims) };
const name = 'kubernetes.io/service-account.name';
const uid = 'kubernetes.io/service-account.uid';

const secretOf = (annotations: Record<string, string>, data?: Record<string, string>): V1Secret => ({
  type: 'kubernetes.io/service-account-token',
  metadata: { name: 's', namespace: 'n', annotations },
  ...(data && { data }),
});
const account: V1ServiceAccount = { metadata: { name: 'a', namespace: 'n', uid: 'u' } };
const whole = { 'ca.crt': base64('PEM'), namespace: base64('n'), token: base64('kept') };

describe('the content of a secret for an account', () => {
  it('is the token, the authority and the namespace', () => {
    const made = filled(secretOf({ [name]: 'a' }), account, facts);
    expect(made?.metadata?.annotations).toEqual({ [name]: 'a', [uid]: 'u' });
    expect(made?.data).toMatchObject({ 'ca.crt': base64('PEM'), namespace: base64('n') });
    expect(JSON.parse(Buffer.from(made?.data?.token ?? '', 'base64').toString())).toEqual({
      iss: 'kubernetes/serviceaccount',
      'kubernetes.io/serviceaccount/namespace': 'n',
      'kubernetes.io/serviceaccount/secret.name': 's',
      'kubernetes.io/serviceaccount/service-account.name': 'a',
      'kubernetes.io/serviceaccount/service-account.uid': 'u',
      sub: 'system:serviceaccount:n:a',
    });
  });

  const cases: Array<{ name: string; secret: V1Secret; with?: TokenFacts; data: object | undefined }> = [
    { name: 'nothing more where all is there', secret: secretOf({ [name]: 'a', [uid]: 'u' }, whole), data: undefined },
    { name: 'the uid where only that is missing', secret: secretOf({ [name]: 'a' }, whole), data: whole },
    {
      name: 'a new authority with the old token',
      secret: secretOf({ [name]: 'a', [uid]: 'u' }, { ...whole, 'ca.crt': base64('OLD') }),
      data: whole,
    },
    {
      name: 'no authority where none is published',
      secret: secretOf({ [name]: 'a', [uid]: 'u' }, { token: base64('kept') }),
      with: { sign: facts.sign },
      data: { namespace: base64('n'), token: base64('kept') },
    },
    {
      name: 'what people put beside it',
      secret: secretOf({ [name]: 'a', [uid]: 'u' }, { token: base64('kept'), own: 'eA==' }),
      data: { ...whole, own: 'eA==' },
    },
  ];
  it.each(cases)('is $name', ({ secret, with: given = facts, data }) => {
    expect(filled(secret, account, given)?.data).toEqual(data);
  });

  it.each([
    ['of its name', { [name]: 'a' }, account, true],
    ['of its uid', { [name]: 'a', [uid]: 'u' }, account, true],
    ['of another uid', { [name]: 'a', [uid]: 'x' }, account, false],
    ['that is not there', { [name]: 'a' }, undefined, false],
  ])('is for the account %s: %#', (_, annotations, found, is) => {
    expect(isFor(secretOf(annotations), found)).toBe(is);
  });
});

describe('the controller of tokens in secrets', () => {
  let world: ControllerWorld;
  const kept = () => world.client.peek(secrets).map((secret) => secret.metadata?.name);
  beforeEach(() => {
    world = startControllers((context) => [newServiceAccountTokensController(context, facts)]);
  });
  afterEach(() => world.stop());

  it('fills secrets, and removes them with their account', async () => {
    const { client } = world;
    await client.create(serviceaccounts, { metadata: { name: 'a', namespace: 'n' } });
    await client.create(secrets, secretOf({ [name]: 'a' }));
    await client.create(secrets, {
      type: 'Opaque',
      metadata: { name: 'o', namespace: 'n', annotations: { [name]: 'a' } },
    });
    await world.settle();
    const byName = new Map(client.peek(secrets).map((secret) => [secret.metadata?.name, secret]));
    expect(Object.keys(byName.get('s')?.data ?? {}).sort()).toEqual(['ca.crt', 'namespace', 'token']);
    expect(byName.get('o')?.data).toBeUndefined();
    await client.delete(serviceaccounts, { namespace: 'n', name: 'a' });
    await world.settle();
    expect(kept()).toEqual(['o']);
  });

  it('removes secrets whose account was never there, or has been made anew', async () => {
    const { client } = world;
    await client.create(serviceaccounts, { metadata: { name: 'a', namespace: 'n' } });
    await client.create(secrets, secretOf({ [name]: 'a', [uid]: 'of an earlier one' }));
    await client.create(secrets, {
      ...secretOf({ [name]: 'b' }),
      metadata: { ...secretOf({ [name]: 'b' }).metadata, name: 't' },
    });
    await world.settle();
    expect(kept()).toEqual([]);
  });
});
