import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../../test/support/registry.ts';
import type { KubeObject } from '../../api/meta.ts';

const group = 'admissionregistration.k8s.io/v1';
const configMaps = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] };

let scratch: ScratchRegistry;

beforeEach(async () => {
  scratch = await openScratchRegistry();
});

afterEach(() => scratch.close());

function add(kind: string, name: string, spec: object): Promise<unknown> {
  const plural = kind.endsWith('Policy') ? `${kind.toLowerCase().slice(0, -1)}ies` : `${kind.toLowerCase()}s`;
  const object = { apiVersion: group, kind, metadata: { name }, spec };
  return scratch.service(`${group}/${plural}`).create({}, bodyOf(object), asks());
}

async function addValidating(spec: object, binding: object = {}): Promise<void> {
  await add('ValidatingAdmissionPolicy', 'p', { matchConstraints: { resourceRules: [configMaps] }, ...spec });
  await add('ValidatingAdmissionPolicyBinding', 'b', { policyName: 'p', validationActions: ['Deny'], ...binding });
}

async function addMutating(name: string, mutation: object, more: object = {}): Promise<void> {
  const matchConstraints = { resourceRules: [{ ...configMaps, operations: ['CREATE', 'UPDATE'] }] };
  const mutations = [mutation];
  await add('MutatingAdmissionPolicy', name, { matchConstraints, reinvocationPolicy: 'Never', mutations, ...more });
  await add('MutatingAdmissionPolicyBinding', name, { policyName: name });
}

interface Written {
  readonly object?: KubeObject & { data?: Record<string, string> };
  readonly error?: { reason: string; message: string; code: number; details?: { causes?: object[] } };
  readonly warnings: readonly string[];
  readonly notes: Readonly<Record<string, string>>;
}

async function write(name: string, data: Record<string, string>, labels?: Record<string, string>): Promise<Written> {
  const warnings: string[] = [];
  const notes: Record<string, string> = {};
  const request = {
    ...asks(),
    warn: (text: string) => void warnings.push(text),
    annotate: (key: string, value: string) => {
      notes[key] = value;
    },
  };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data };
  try {
    const document = await scratch.service('configmaps').create({ namespace: 'x' }, bodyOf(object), request);
    return { object: document.object, warnings, notes };
  } catch (error) {
    return { error: error as Written['error'], warnings, notes };
  }
}

const validations = [{ expression: "object.data.size == 'small'" }];
const denied = (why: string) =>
  `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ${why}`;

interface Case {
  readonly what: string;
  readonly spec: object;
  readonly binding?: object;
  /** Why the request is refused; absent: it is not. */
  readonly why?: string;
}

describe('a validating policy', () => {
  it.each<Case>([
    { what: 'lets through what it allows', spec: { validations: [{ expression: "object.data.size == 'large'" }] } },
    { what: 'refuses what it does not', spec: { validations }, why: "failed expression: object.data.size == 'small'" },
    {
      what: 'says its message',
      spec: { validations: [{ ...validations[0], message: 'too large' }] },
      why: 'too large',
    },
    {
      what: 'makes its message',
      spec: { validations: [{ ...validations[0], messageExpression: "'not ' + object.data.size" }] },
      why: 'not large',
    },
    {
      what: 'falls back to its message',
      spec: { validations: [{ ...validations[0], message: 'plain', messageExpression: 'object.data.none' }] },
      why: 'plain',
    },
    {
      what: 'refuses when it cannot decide',
      spec: { validations: [{ expression: 'object.spec.none == 1' }] },
      why: "expression 'object.spec.none == 1' resulted in error: no such key: spec",
    },
    {
      what: 'allows when it cannot decide and is told to',
      spec: { validations: [{ expression: 'object.spec.none == 1' }], failurePolicy: 'Ignore' },
    },
    {
      what: 'is about some requests',
      spec: { validations, matchConditions: [{ name: 'c', expression: "request.operation == 'DELETE'" }] },
    },
    {
      what: 'refuses when it cannot tell whether it is concerned',
      spec: { validations, matchConditions: [{ name: 'c', expression: 'object.none' }] },
      why: "expression 'object.none' resulted in error: no such key: none",
    },
    {
      what: 'has variables that use each other',
      spec: {
        variables: [
          { name: 'size', expression: 'object.data.size' },
          { name: 'fine', expression: "variables.size in ['small']" },
          { name: 'unread', expression: 'object.spec.none' },
        ],
        validations: [{ expression: 'variables.fine', messageExpression: "'is ' + variables.size" }],
      },
      why: 'is large',
    },
    {
      what: 'knows the namespace, the requester and the resource',
      spec: {
        validations: [
          {
            expression:
              "namespaceObject.metadata.name == 'x' && request.userInfo.username != '' && request.resource.resource == 'configmaps' && " +
              "request.kind.kind == 'ConfigMap' && oldObject == null && request.name == 'a' && request.namespace == 'x' && !request.dryRun",
          },
        ],
      },
    },
    {
      what: 'asks what the requester may do',
      spec: {
        validations: [
          { expression: "authorizer.group('').resource('configmaps').namespace('x').check('get').allowed()" },
          { expression: "authorizer.requestResource.check('create').allowed()" },
          {
            expression:
              "!authorizer.serviceAccount('x', 'default').group('').resource('configmaps').check('get').allowed()",
          },
        ],
      },
    },
    {
      what: 'is not put to use where its binding selects others',
      spec: { validations },
      binding: { matchResources: { namespaceSelector: { matchLabels: { none: 'yes' } } } },
    },
    {
      what: 'is put to use where its binding selects the namespace',
      spec: { validations },
      binding: { matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'x' } } } },
      why: "failed expression: object.data.size == 'small'",
    },
    {
      what: 'leaves out excluded resources',
      spec: { validations, matchConstraints: { resourceRules: [configMaps], excludeResourceRules: [configMaps] } },
    },
    {
      what: 'is about the objects that it names',
      spec: { validations, matchConstraints: { resourceRules: [{ ...configMaps, resourceNames: ['other'] }] } },
    },
    {
      what: 'selects objects by their labels',
      spec: {
        validations,
        matchConstraints: { resourceRules: [configMaps], objectSelector: { matchLabels: { none: 'y' } } },
      },
    },
    {
      what: 'fails where it costs too much',
      spec: { validations: [{ expression: 'lists.range(999).all(a, lists.range(999).all(b, a + b >= 0))' }] },
      why: 'validation failed due to running out of cost budget, no further validation rules will be run',
    },
  ])('$what', async ({ spec, binding, why }) => {
    await addValidating(spec, binding);
    const { error } = await write('a', { size: 'large' });
    if (why === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ reason: 'Invalid', code: 422, message: denied(why) });
  });

  it('has a reason of its own', async () => {
    await addValidating({ validations: [{ ...validations[0], reason: 'Forbidden', message: 'no' }] });
    const { error } = await write('a', { size: 'large' });
    const message = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no";
    expect(error).toMatchObject({ reason: 'Forbidden', code: 403, details: { causes: [{ message }] } });
  });

  it('warns, and notes in the audit log', async () => {
    const auditAnnotations = [
      { key: 'size', valueExpression: "'is ' + object.data.size" },
      { key: 'none', valueExpression: 'null' },
    ];
    await addValidating({ validations, auditAnnotations }, { validationActions: ['Warn', 'Audit'] });
    const { error, warnings, notes } = await write('a', { size: 'large' });
    expect(error).toBeUndefined();
    const why = "failed expression: object.data.size == 'small'";
    expect(warnings).toEqual([`Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': ${why}`]);
    expect(notes['p/size']).toBe('is large');
    expect(Object.keys(notes)).toEqual(['validation.policy.admission.k8s.io/validation_failure', 'p/size']);
    expect(JSON.parse(notes['validation.policy.admission.k8s.io/validation_failure']!)).toEqual([
      { message: why, policy: 'p', binding: 'b', expressionIndex: 0, validationActions: ['Warn', 'Audit'] },
    ]);
  });

  it('sees what is deleted', async () => {
    await write('a', { size: 'large' });
    await addValidating({
      validations: [{ expression: "object != null || oldObject.data.size == 'small'", message: 'kept' }],
    });
    await expect(scratch.service('configmaps').delete({ namespace: 'x', name: 'a' }, deletes())).rejects.toMatchObject({
      message: denied('kept'),
    });
  });

  it('is asked about the version that it names', async () => {
    const rule = {
      apiGroups: ['autoscaling'],
      apiVersions: ['v1'],
      resources: ['horizontalpodautoscalers'],
      operations: ['*'],
    };
    await addValidating({
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression: 'object.spec.targetCPUUtilizationPercentage < 50', message: 'as v1' }],
    });
    const object = {
      ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'a' } },
      spec: {
        ...{ maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    };
    const service = scratch.service('autoscaling/v2/horizontalpodautoscalers');
    await expect(service.create({ namespace: 'x' }, bodyOf(object), asks())).rejects.toMatchObject({
      message: expect.stringContaining('denied request: as v1'),
    });
  });
});

describe('parameters', () => {
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: "object.data.size == params.data.size || object.metadata.name != 'a'" }],
  };
  const failed = `failed expression: ${spec.validations[0]!.expression}`;
  const noParams =
    'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction';

  it.each<[string, object, string | undefined]>([
    ['of one name', { name: 'large', parameterNotFoundAction: 'Deny' }, undefined],
    ['of one name that ask for something else', { name: 'small', parameterNotFoundAction: 'Deny' }, failed],
    ['of some labels', { selector: { matchLabels: { kind: 'params' } }, parameterNotFoundAction: 'Deny' }, failed],
    ['of another namespace', { name: 'large', namespace: 'y', parameterNotFoundAction: 'Deny' }, noParams],
    ['that are missing and needed', { name: 'none', parameterNotFoundAction: 'Deny' }, noParams],
    ['that are missing and not needed', { name: 'none', parameterNotFoundAction: 'Allow' }, undefined],
  ])('%s', async (_what, paramRef, why) => {
    await write('large', { size: 'large' }, { kind: 'params' });
    await write('small', { size: 'small' }, { kind: 'params' });
    await addValidating(spec, { paramRef });
    const { error } = await write('a', { size: 'large' });
    expect(error?.message).toBe(why && denied(why));
  });

  it('of a kind that is not served are told of', async () => {
    const paramKind = { apiVersion: 'example.org/v1', kind: 'None' };
    await addValidating({ ...spec, paramKind }, { paramRef: { name: 'n', parameterNotFoundAction: 'Deny' } });
    const { error } = await write('a', { size: 'large' });
    const why = "failed to find resource referenced by paramKind: 'example.org/v1, Kind=None'";
    expect(error?.message).toBe(denied(`failed to configure binding: ${why}`));
  });
});

describe('a mutating policy', () => {
  const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
  const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

  it.each<[string, object, object]>([
    [
      'puts a configuration over the object',
      apply("Object{metadata: Object.metadata{labels: {'by': 'policy'}}, data: {'more': object.data.size + '!'}}"),
      { metadata: { labels: { by: 'policy' } }, data: { size: 'large', more: 'large!' } },
    ],
    [
      'patches',
      patch(
        "[JSONPatch{op: 'test', path: '/data/size', value: 'large'}, JSONPatch{op: 'replace', path: '/data/size', value: 'small'}]",
      ),
      { data: { size: 'small' } },
    ],
    [
      'adds labels that have slashes',
      patch(
        "[JSONPatch{op: 'add', path: '/metadata/labels', value: {}}, JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'c'}]",
      ),
      { metadata: { labels: { 'a/b': 'c' } } },
    ],
    [
      'may leave the object as it is',
      patch("has(object.data.none) ? [JSONPatch{op: 'remove', path: '/data'}] : []"),
      { data: { size: 'large' } },
    ],
  ])('%s', async (_what, mutation, expected) => {
    await addMutating('m', mutation);
    const { object, error } = await write('a', { size: 'large' });
    expect(error).toBeUndefined();
    expect(object).toMatchObject(expected);
  });

  it.each<[string, object, string]>([
    ['a test of a patch fails', patch("[JSONPatch{op: 'test', path: '/data/size', value: 'x'}]"), 'JSON Patch: '],
    [
      'it makes something else',
      apply('Object{metadata: Object.spec{}}'),
      'unexpected type name "Object.spec", expected "Object.metadata"',
    ],
    ['it cannot decide', apply('Object{data: {"a": object.data.none}}'), 'no such key: none'],
  ])('refuses when %s', async (_what, mutation, why) => {
    await addMutating('m', mutation);
    const { error } = await write('a', { size: 'large' });
    expect(error).toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining("policy 'm' with binding 'm' denied request: "),
    });
    expect(error?.message).toContain(why);
  });

  it('looks again when another has changed the object after it, if it wishes to', async () => {
    const count = (key: string) =>
      patch(
        `[JSONPatch{op: 'add', path: '/data/${key}', value: has(object.data.${key}) ? object.data.${key} + 'I' : 'I'}]`,
      );
    await addMutating('a', count('again'), { reinvocationPolicy: 'IfNeeded' });
    await addMutating('b', count('once'), { reinvocationPolicy: 'Never' });
    const { object } = await write('a', { size: 'large' });
    expect(object?.data).toMatchObject({ again: 'II', once: 'I' });
  });

  it('has its changes validated', async () => {
    await addMutating('m', patch("[JSONPatch{op: 'replace', path: '/data/size', value: 'small'}]"));
    await addValidating({ validations });
    expect((await write('a', { size: 'large' })).object?.data).toEqual({ size: 'small' });
  });
});
