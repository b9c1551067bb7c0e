import {
  type HookAnswer,
  HookBench,
  hookConfigMap,
  hookPatch,
  hookRule,
  hookSetUpMsMax,
} from '../../../test/support/hooks.ts';
import { asks, bodyOf, deletes } from '../../../test/support/registry.ts';

describe('validating webhooks', () => {
  let bench: HookBench;

  beforeAll(async () => {
    bench = await HookBench.open();
  }, hookSetUpMsMax);
  afterAll(() => bench.close());

  beforeEach(() => bench.begin());
  afterEach(() => bench.registry.close());

  const refusals: Array<{ name: string; answer: HookAnswer; more?: object; error: object }> = [
    {
      name: 'a refusal in its own words and with its own code',
      answer: { allowed: false, status: { message: 'not here', code: 418 } },
      error: { message: 'admission webhook "v.example.com" denied the request: not here', code: 418 },
    },
    {
      name: 'a refusal by its reason',
      answer: { allowed: false, status: { reason: 'Forbidden', code: 200 } },
      error: { message: 'admission webhook "v.example.com" denied the request: Forbidden', code: 400 },
    },
    {
      name: 'a refusal without a word',
      answer: { allowed: false },
      error: { message: 'admission webhook "v.example.com" denied the request without explanation', code: 400 },
    },
    {
      name: 'silence',
      answer: 'never',
      error: {
        code: 500,
        message:
          'Internal error occurred: failed calling webhook "v.example.com": failed to call webhook: ' +
          'Post "https://hook.x.svc:443/v?timeout=1s": context deadline exceeded',
      },
    },
    { name: 'a broken server', answer: 500, error: { code: 500, message: expect.stringContaining('failed calling') } },
    { name: 'an answer that is none', answer: 'nonsense', error: { message: expect.stringContaining('no JSON') } },
    {
      name: 'an answer to another question',
      answer: { uid: 'other', allowed: true },
      error: { message: expect.stringContaining('expected response.uid=') },
    },
    {
      name: 'a patch of a validating webhook',
      answer: hookPatch({ op: 'remove', path: '/data' }),
      error: { message: expect.stringContaining('may not return response.patch') },
    },
    {
      name: 'a certificate of another authority',
      answer: {},
      more: { clientConfig: { service: { namespace: 'x', name: 'hook', path: '/v' } } },
      error: { message: expect.stringContaining('tls: failed to verify certificate') },
    },
    {
      name: 'reviews in the old form only',
      answer: {},
      more: { admissionReviewVersions: ['v1beta1'] },
      error: { message: expect.stringContaining('does not accept known AdmissionReview versions') },
    },
  ];

  it.each(refusals)('refuses for $name', async ({ answer, more, error }) => {
    bench.answers = { '/v': answer };
    await bench.configure('Validating', bench.hook('v', more));
    await expect(bench.create('a')).rejects.toMatchObject(error);
    await expect(bench.registry.service('configmaps').get({ namespace: 'x', name: 'a' })).rejects.toMatchObject({
      code: 404,
    });
  });

  it.each(['never', 500, 'nonsense'] as const)('goes on after %s when failures are to be ignored', async (answer) => {
    bench.answers = { '/v': answer };
    await bench.configure('Validating', bench.hook('v', { failurePolicy: 'Ignore' }));
    expect((await bench.create('a')).object.metadata?.name).toBe('a');
    expect(bench.asked).toHaveLength(1);
  });

  it('tells what is asked, who asks and how', async () => {
    await bench.configure('Validating', bench.hook('v'));
    await bench.create('a', { k: '1' });
    await bench.registry
      .service('configmaps')
      .update({ namespace: 'x', name: 'a' }, hookConfigMap('a', { k: '2' }), asks());
    await bench.registry.service('configmaps').delete({ namespace: 'x', name: 'a' }, deletes());
    const seen = bench.asked.map(({ request }) => [request.operation, request.object, request.oldObject]);
    expect(seen).toMatchObject([
      ['CREATE', { data: { k: '1' }, metadata: { uid: expect.any(String) } }, null],
      ['UPDATE', { data: { k: '2' } }, { data: { k: '1' } }],
      ['DELETE', null, { data: { k: '2' } }],
    ]);
    expect(bench.asked[0]?.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      name: 'a',
      namespace: 'x',
      userInfo: { username: 'system:apiserver' },
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    });
    expect(bench.connections).toBe(1);
  });

  it('passes warnings and annotations on', async () => {
    bench.answers = { '/v': { allowed: true, warnings: ['mind the gap'], auditAnnotations: { rule: '7' } } };
    await bench.configure('Validating', bench.hook('v'));
    const said: string[] = [];
    const note = (...words: string[]) => void said.push(words.join(' '));
    await bench.create('a', {}, { warn: note, annotate: note });
    expect(said).toEqual(['mind the gap', 'v.example.com/rule 7']);
  });

  const silent: Array<{ name: string; more: object }> = [
    { name: 'another resource', more: { rules: [hookRule({ resources: ['pods'] })] } },
    { name: 'another operation', more: { rules: [hookRule({ operations: ['DELETE'] })] } },
    { name: 'a subresource', more: { rules: [hookRule({ resources: ['configmaps/status'] })] } },
    { name: 'the cluster only', more: { rules: [hookRule({ scope: 'Cluster' })] } },
    { name: 'other labels', more: { objectSelector: { matchLabels: { a: 'b' } } } },
    { name: 'other namespaces', more: { namespaceSelector: { matchLabels: { a: 'b' } } } },
    {
      name: 'namespaces by name',
      more: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } },
    },
  ];

  it.each(silent)('is not asked when it speaks of $name', async ({ more }) => {
    bench.answers = { '/v': { allowed: false } };
    await bench.configure('Validating', bench.hook('v', more));
    await bench.create('a');
    expect(bench.asked).toEqual([]);
  });

  it('has no say over the configurations of webhooks', async () => {
    bench.answers = { '/v': { allowed: false } };
    const all = hookRule({ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] });
    await bench.configure('Validating', bench.hook('v', { rules: [all] }));
    const configurations = bench.registry.service('admissionregistration.k8s.io/v1/validatingwebhookconfigurations');
    await configurations.delete({ name: 'hooks' }, deletes());
    await bench.create('a');
    expect(bench.asked).toEqual([]);
  });

  it('is asked about other versions of the same objects, in the version that it knows', async () => {
    const events = hookRule({ apiGroups: ['events.k8s.io'], resources: ['events'] });
    await bench.configure('Validating', bench.hook('v', { rules: [events] }));
    const event = {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name: 'e', namespace: 'x' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'x' },
    };
    await bench.registry.service('events').create({ namespace: 'x' }, bodyOf(event), asks());
    expect(bench.asked[0]?.request).toMatchObject({
      resource: { group: 'events.k8s.io' },
      requestResource: { group: '' },
      object: { apiVersion: 'events.k8s.io/v1', regarding: { kind: 'Pod' } },
    });
  });
});
