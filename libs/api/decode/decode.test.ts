import { isStatus } from '../../base/status.ts';
import { schema } from '../schema/schema.ts';
import { conformPatched, decodeObject, decodePlain, type ExpectedType } from './decode.ts';

const gvk = { group: '', version: 'v1', kind: 'Pod' };
const pod: ExpectedType = { type: schema.type('V1Pod'), gvk };
const deployment: ExpectedType = {
  type: schema.type('V1Deployment'),
  gvk: { group: 'apps', version: 'v1', kind: 'Deployment' },
};

const podWith = (spec: unknown) => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec });

function refusalOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isStatus(error)) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('decodeObject', () => {
  test('fills in what is always written and drops what is empty', () => {
    const body = podWith({
      containers: [{ name: 'a', image: '', command: [], ports: null }],
      nodeName: '',
      volumes: [],
    });
    expect(decodeObject(body, 'json', pod)).toEqual({
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: { containers: [{ name: 'a', resources: {} }] },
        status: {},
      },
      complaints: [],
    });
  });

  test('keeps zeros that mean something', () => {
    const body = podWith({ containers: [], priority: 0, automountServiceAccountToken: false, hostNetwork: false });
    expect(decodeObject(body, 'json', pod).object).toMatchObject({
      spec: { containers: [], priority: 0, automountServiceAccountToken: false },
    });
  });

  test('takes a body without apiVersion and kind for what the address says', () => {
    expect(decodeObject('{}', 'json', deployment).object).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {},
      spec: { strategy: {}, template: { metadata: {}, spec: { containers: null } } },
      status: {},
    });
  });

  test.each([
    [
      'quantities',
      { containers: [{ name: 'a', resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }] },
      /"500m".*"1Gi"/,
    ],
    ['times', { containers: [], x: 1, schedulingGates: [] }, /containers/],
    ['int-or-string', { containers: [{ name: 'a', livenessProbe: { httpGet: { port: 'web' } } }] }, /"port":"web"/],
  ])('writes %s in canonical form', (_, spec, expected) => {
    expect(JSON.stringify(decodeObject(podWith(spec), 'json', pod).object)).toMatch(expected);
  });

  test.each([
    ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z'],
    ['2024-01-02T03:04:05.999+01:00', '2024-01-02T02:04:05Z'],
  ])('writes the time %p as %p', (given, expected) => {
    const body = JSON.stringify({ metadata: { deletionTimestamp: given } });
    expect(decodeObject(body, 'json', pod).object.metadata?.deletionTimestamp).toBe(expected);
  });

  test.each<[string, unknown, RegExp]>([
    [
      'a text for a number',
      { containers: [{ name: 'a', ports: [{ containerPort: '80' }] }] },
      /spec\.containers\[0\]\.ports\[0\]\.containerPort: expected a whole number/,
    ],
    ['a number for a text', { nodeName: 7 }, /spec\.nodeName: expected a text, got the number 7/],
    ['a fraction for an integer', { priority: 1.5 }, /spec\.priority: expected a whole number/],
    ['too large an integer', { priority: 3e9 }, /32 bits/],
    ['an object for a list', { containers: {} }, /spec\.containers: expected a list/],
    ['a list for an object', { securityContext: [] }, /spec\.securityContext: expected an object/],
    ['a text for an object', { affinity: 'x' }, /spec\.affinity: expected an object/],
    ['a number in a map of texts', { nodeSelector: { a: 1 } }, /spec\.nodeSelector\.a: expected a text/],
    [
      'a bad quantity',
      { containers: [{ name: 'a', resources: { limits: { cpu: 'much' } } }] },
      /limits\.cpu: a quantity is/,
    ],
    ['a list for a map', { nodeSelector: [] }, /spec\.nodeSelector: expected an object/],
  ])('refuses %s', (_, spec, message) => {
    const refusal = refusalOf(() => decodeObject(podWith(spec), 'json', pod));
    expect(refusal.code).toBe(400);
    expect(refusal.message).toMatch(message);
  });

  test.each<[string, string, RegExp]>([
    ['no JSON', '{', /not JSON/],
    ['nothing', '', /not JSON/],
    ['a list', '[]', /expected an object/],
    ['another kind', '{"apiVersion":"v1","kind":"Secret"}', /a Pod of v1 is expected/],
    ['another version', '{"apiVersion":"v2","kind":"Pod"}', /a Pod of v1 is expected/],
    ['bad time', '{"metadata":{"deletionTimestamp":"yesterday"}}', /deletionTimestamp: expected a time/],
    ['a day that does not exist', '{"metadata":{"deletionTimestamp":"2024-02-31T00:00:00Z"}}', /./],
    ['deep nesting', `{"metadata":${'['.repeat(5000)}${']'.repeat(5000)}}`, /nested/],
  ])('refuses %s', (_, body, message) => {
    expect(refusalOf(() => decodeObject(body, 'json', pod)).message).toMatch(message);
  });

  test('names unknown and duplicate fields and drops the unknown', () => {
    const body = '{"spec":{"containers":[{"name":"a","name":"b","bogus":{"x":1,"x":2}}]},"spec ":1}';
    const { object, complaints } = decodeObject(body, 'json', pod);
    expect(complaints).toEqual([
      'unknown field "spec.containers[0].bogus"',
      'unknown field "spec "',
      'duplicate field "spec.containers[0].name"',
      'duplicate field "spec.containers[0].bogus.x"',
    ]);
    expect(object).toMatchObject({ spec: { containers: [{ name: 'b', resources: {} }] } });
  });

  test('finds no duplicates in texts that only look so', () => {
    const body = podWith({ containers: [{ name: 'a', args: ['{"a":1,"a":2}', 'x\\"y:z', '\\\\'] }] });
    expect(decodeObject(body, 'json', pod).complaints).toEqual([]);
  });
});

describe('YAML bodies', () => {
  test('are read as version 1.1', () => {
    const { value } = decodePlain('a: y\nb: 0644\nc: 12:30\nd: 2024-01-02\ne: &x {f: 1}\ng: *x\nh: ~\n', 'yaml');
    expect(value).toEqual({ a: true, b: 420, c: '12:30', d: '2024-01-02', e: { f: 1 }, g: { f: 1 }, h: null });
  });

  test('of several documents, the first counts', () => {
    expect(decodePlain('---\na: 1\n---\na: 2\n', 'yaml').value).toEqual({ a: 1 });
  });

  test('name duplicate keys', () => {
    const body = 'metadata:\n  name: a\n  name: b\nspec:\n  containers:\n  - {name: a, name: c}\n';
    expect(decodeObject(body, 'yaml', pod).complaints).toEqual([
      'duplicate field "metadata.name"',
      'duplicate field "spec.containers[0].name"',
    ]);
  });

  test.each(['a: [', 'a: b: c', '- a\nb: c'])('%p is refused', (body) => {
    expect(refusalOf(() => decodePlain(body, 'yaml')).message).toMatch(/not YAML/);
  });

  test('nested without end are refused', () => {
    expect(refusalOf(() => decodePlain(`a: ${'['.repeat(20_000)}`, 'yaml')).code).toBe(400);
    expect(refusalOf(() => decodePlain(`a: ${'['.repeat(1500)}${']'.repeat(1500)}`, 'yaml')).code).toBe(400);
    expect(refusalOf(() => decodePlain('a: &a [*a]', 'yaml')).code).toBe(400);
  });

  test('that multiply themselves are refused', () => {
    const lines = ['a0: &a0 [x]'];
    for (let level = 1; level < 12; level++) {
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(',')}]`,
      );
    }
    expect(refusalOf(() => decodePlain(lines.join('\n'), 'yaml')).message).toMatch(/alias/i);
  });
});

test('a patch that breaks a type is Invalid with the cause `patch`', () => {
  const refusal = refusalOf(() => conformPatched({ apiVersion: 'v1', kind: 'Pod', spec: { containers: 'x' } }, pod));
  expect([refusal.code, refusal.details?.causes?.[0]?.field]).toEqual([422, 'patch']);
});
