import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../../test/support/registry.ts';
import type { V1ConfigMap, V1Deployment, V1Pod, V1Scale } from '../../api/gen/types.ts';
import { systemClock } from '../../base/clock.ts';
import { issueAuthority, issueLeaf, newPrivateKey, publicKeyOf } from '../../pki/issue.ts';

interface Asked {
  path: string;
  request: {
    name?: string;
    operation: string;
    object: object | null;
    oldObject: object | null;
    [key: string]: unknown;
  };
}

type Answer = object | number | 'never' | 'nonsense';

const encode = (operations: object[]) => Buffer.from(JSON.stringify(operations)).toString('base64');
const patch = (...operations: object[]) => ({ allowed: true, patch: encode(operations), patchType: 'JSONPatch' });

const setUpMsMax = 60_000;

describe('webhooks', () => {
  let server: Server;
  let ca: string;
  let connections = 0;
  let scratch: ScratchRegistry;
  let asked: Asked[] = [];
  /** What the webhook at each path answers. */
  let answers: Record<string, Answer> = {};

  beforeAll(async () => {
    const caKey = await newPrivateKey();
    ca = await issueAuthority('hooks', caKey, systemClock.now());
    const key = await newPrivateKey();
    const certificate = await issueLeaf({
      subject: { commonName: 'hook' },
      usage: 'server',
      names: ['hook.x.svc'],
      publicKey: publicKeyOf(key),
      issuer: { certificate: ca, key: caKey },
      nowMs: systemClock.now(),
    });
    server = createServer({ key, cert: certificate }, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const path = new URL(request.url ?? '/', 'https://x').pathname;
        const review = JSON.parse(Buffer.concat(parts).toString()) as Asked & { request: { uid: string } };
        asked.push({ path, request: review.request });
        const answer = answers[path] ?? { allowed: true };
        if (answer === 'never') return;
        if (typeof answer === 'number') response.writeHead(answer).end('broken');
        else if (answer === 'nonsense') response.end('<html>');
        else {
          const { uid } = review.request;
          response.end(
            JSON.stringify({
              kind: 'AdmissionReview',
              apiVersion: 'admission.k8s.io/v1',
              response: { uid, ...answer },
            }),
          );
        }
      });
    });
    server.on('secureConnection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // The certificates' library is slow to load on a busy machine.
  }, setUpMsMax);

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(async () => {
    asked = [];
    answers = {};
    connections = 0;
    const { port } = server.address() as AddressInfo;
    scratch = await openScratchRegistry({ dial: async () => connect(port, '127.0.0.1') });
  });

  afterEach(() => scratch.close());

  const hook = (path: string, more: object = {}) => ({
    name: `${path}.example.com`,
    clientConfig: {
      service: { namespace: 'x', name: 'hook', path: `/${path}` },
      caBundle: Buffer.from(ca).toString('base64'),
    },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'], scope: '*' }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 1,
    ...more,
  });

  const configure = async (type: 'Validating' | 'Mutating', ...webhooks: object[]) => {
    const kind = `${type}WebhookConfiguration`;
    const body = { kind, apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'hooks' }, webhooks };
    await scratch.service(`admissionregistration.k8s.io/v1/${kind.toLowerCase()}s`).create({}, bodyOf(body), asks());
  };
  const configMap = (name: string, data: object = {}, labels: object = {}) =>
    bodyOf({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, labels }, data });
  const create = (name: string, data?: object, more: object = {}) =>
    scratch.service('configmaps').create({ namespace: 'x' }, configMap(name, data), asks(more));

  const refusals: Array<{ name: string; answer: Answer; more?: object; error: object }> = [
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
      answer: patch({ op: 'remove', path: '/data' }),
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
    answers = { '/v': answer };
    await configure('Validating', hook('v', more));
    await expect(create('a')).rejects.toMatchObject(error);
    await expect(scratch.service('configmaps').get({ namespace: 'x', name: 'a' })).rejects.toMatchObject({
      code: 404,
    });
  });

  it.each(['never', 500, 'nonsense'] as const)('goes on after %s when failures are to be ignored', async (answer) => {
    answers = { '/v': answer };
    await configure('Validating', hook('v', { failurePolicy: 'Ignore' }));
    expect((await create('a')).object.metadata?.name).toBe('a');
    expect(asked).toHaveLength(1);
  });

  it('tells what is asked, who asks and how', async () => {
    await configure('Validating', hook('v'));
    await create('a', { k: '1' });
    await scratch.service('configmaps').update({ namespace: 'x', name: 'a' }, configMap('a', { k: '2' }), asks());
    await scratch.service('configmaps').delete({ namespace: 'x', name: 'a' }, deletes());
    const seen = asked.map(({ request }) => [request.operation, request.object, request.oldObject]);
    expect(seen).toMatchObject([
      ['CREATE', { data: { k: '1' }, metadata: { uid: expect.any(String) } }, null],
      ['UPDATE', { data: { k: '2' } }, { data: { k: '1' } }],
      ['DELETE', null, { data: { k: '2' } }],
    ]);
    expect(asked[0]?.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      name: 'a',
      namespace: 'x',
      userInfo: { username: 'system:apiserver' },
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    });
    expect(connections).toBe(1);
  });

  it('passes warnings and annotations on', async () => {
    answers = { '/v': { allowed: true, warnings: ['mind the gap'], auditAnnotations: { rule: '7' } } };
    await configure('Validating', hook('v'));
    const said: string[] = [];
    const note = (...words: string[]) => void said.push(words.join(' '));
    await create('a', {}, { warn: note, annotate: note });
    expect(said).toEqual(['mind the gap', 'v.example.com/rule 7']);
  });

  const silent: Array<{ name: string; more: object }> = [
    { name: 'another resource', more: { rules: [rule({ resources: ['pods'] })] } },
    { name: 'another operation', more: { rules: [rule({ operations: ['DELETE'] })] } },
    { name: 'a subresource', more: { rules: [rule({ resources: ['configmaps/status'] })] } },
    { name: 'the cluster only', more: { rules: [rule({ scope: 'Cluster' })] } },
    { name: 'other labels', more: { objectSelector: { matchLabels: { a: 'b' } } } },
    { name: 'other namespaces', more: { namespaceSelector: { matchLabels: { a: 'b' } } } },
    {
      name: 'namespaces by name',
      more: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } },
    },
  ];

  it.each(silent)('is not asked when it speaks of $name', async ({ more }) => {
    answers = { '/v': { allowed: false } };
    await configure('Validating', hook('v', more));
    await create('a');
    expect(asked).toEqual([]);
  });

  it('has no say over the configurations of webhooks', async () => {
    answers = { '/v': { allowed: false } };
    const all = rule({ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] });
    await configure('Validating', hook('v', { rules: [all] }));
    const configurations = scratch.service('admissionregistration.k8s.io/v1/validatingwebhookconfigurations');
    await configurations.delete({ name: 'hooks' }, deletes());
    await create('a');
    expect(asked).toEqual([]);
  });

  it('is asked about other versions of the same objects, in the version that it knows', async () => {
    const events = rule({ apiGroups: ['events.k8s.io'], resources: ['events'] });
    await configure('Validating', hook('v', { rules: [events] }));
    const event = {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name: 'e', namespace: 'x' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'x' },
    };
    await scratch.service('events').create({ namespace: 'x' }, bodyOf(event), asks());
    expect(asked[0]?.request).toMatchObject({
      resource: { group: 'events.k8s.io' },
      requestResource: { group: '' },
      object: { apiVersion: 'events.k8s.io/v1', regarding: { kind: 'Pod' } },
    });
  });

  it('changes objects one after the other, asks again who wishes to, and completes what was added', async () => {
    answers = {
      '/1': patch({ op: 'add', path: '/spec/initContainers', value: [{ name: 'i', image: 'i' }] }),
      '/2': patch({ op: 'add', path: '/metadata/labels', value: { seen: 'yes' } }),
    };
    const pods = [rule({ resources: ['pods'] })];
    const [one, two] = [hook('1', { rules: pods, reinvocationPolicy: 'IfNeeded' }), hook('2', { rules: pods })];
    await configure('Mutating', one, two);
    const pod = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const { object } = await scratch.service('pods').create({ namespace: 'x' }, bodyOf(pod), asks());
    const { spec, metadata } = object as V1Pod;
    expect(metadata?.labels).toEqual({ seen: 'yes' });
    const added = spec?.initContainers?.[0];
    expect(added).toMatchObject({ name: 'i', terminationMessagePolicy: 'File', imagePullPolicy: 'Always' });
    expect(asked.map(({ path }) => path)).toEqual(['/1', '/2', '/1']);
  });

  it('drops fields that the kind does not have, and refuses patches that fail', async () => {
    answers = { '/m': patch({ op: 'add', path: '/wrong', value: 1 }, { op: 'add', path: '/data/b', value: '2' }) };
    await configure('Mutating', hook('m'));
    const { object } = await create('a', { a: '1' });
    expect((object as V1ConfigMap).data).toEqual({ a: '1', b: '2' });
    expect(object).not.toHaveProperty('wrong');
    answers = { '/m': patch({ op: 'remove', path: '/nowhere' }) };
    await expect(create('b')).rejects.toMatchObject({ code: 500 });
    answers = { '/m': patch({ op: 'add', path: '/data', value: {} }) };
    const gone = scratch.service('configmaps').delete({ namespace: 'x', name: 'a' }, deletes());
    await expect(gone).rejects.toMatchObject({ message: expect.stringContaining('attempted to modify the object') });
  });

  it('changes how far things are scaled', async () => {
    const deployment = {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'd' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    };
    const service = scratch.service('apps/v1/deployments');
    await service.create({ namespace: 'x' }, bodyOf(deployment), asks());
    await configure(
      'Mutating',
      hook('s', { rules: [rule({ apiGroups: ['apps'], resources: ['deployments/scale'] })] }),
    );
    const scaled = async (replicas: number) => {
      const scale = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'd' }, spec: { replicas } };
      const { document } = await service.update(
        { namespace: 'x', name: 'd' },
        bodyOf(scale),
        asks({ subresource: 'scale' }),
      );
      return (document.object as V1Scale).spec?.replicas;
    };
    answers = { '/s': patch({ op: 'replace', path: '/spec/replicas', value: 5 }) };
    expect(await scaled(9)).toBe(5);
    const stored = await service.get({ namespace: 'x', name: 'd' });
    expect((stored.object as V1Deployment).spec?.replicas).toBe(5);
    answers = { '/s': patch({ op: 'replace', path: '/spec/replicas', value: -1 }) };
    await expect(scaled(2)).rejects.toMatchObject({ code: 422 });
    answers = { '/s': patch({ op: 'remove', path: '/nowhere' }) };
    await expect(scaled(2)).rejects.toMatchObject({ code: 500 });
  });

  function rule(more: object) {
    return { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'], scope: '*', ...more };
  }
});
