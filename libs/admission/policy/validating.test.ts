import { configMapRule, PolicyBench } from '../../../test/support/policies.ts';
import { asks, bodyOf, deletes } from '../../../test/support/registry.ts';

let bench: PolicyBench;

beforeEach(async () => {
  bench = await PolicyBench.open();
});

afterEach(() => bench.close());

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
      spec: { validations, matchConditions: [{ name: 'c', expression: 'object.none == 1' }] },
      why: "expression 'object.none == 1' resulted in error: no such key: none",
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
              "namespaceObject.metadata.name == 'x' && 'kubernetes.io/metadata.name' in namespaceObject.metadata.labels && " +
              "namespaceObject.metadata.creationTimestamp > timestamp('2020-01-01T00:00:00Z') && " +
              "request.userInfo.username != '' && request.resource.resource == 'configmaps' && " +
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
      spec: {
        validations,
        matchConstraints: { resourceRules: [configMapRule], excludeResourceRules: [configMapRule] },
      },
    },
    {
      what: 'is about the objects that it names',
      spec: { validations, matchConstraints: { resourceRules: [{ ...configMapRule, resourceNames: ['other'] }] } },
    },
    {
      what: 'selects objects by their labels',
      spec: {
        validations,
        matchConstraints: { resourceRules: [configMapRule], objectSelector: { matchLabels: { none: 'y' } } },
      },
    },
    {
      what: 'fails where it costs too much',
      spec: { validations: [{ expression: 'lists.range(999).all(a, lists.range(999).all(b, a + b >= 0))' }] },
      why: 'validation failed due to running out of cost budget, no further validation rules will be run',
    },
  ])('$what', async ({ spec, binding, why }) => {
    await bench.addValidating(spec, binding);
    const { error } = await bench.write('a', { size: 'large' });
    if (why === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ reason: 'Invalid', code: 422, message: denied(why) });
  });

  it('has a reason of its own', async () => {
    await bench.addValidating({ validations: [{ ...validations[0], reason: 'Forbidden', message: 'no' }] });
    const { error } = await bench.write('a', { size: 'large' });
    const message = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no";
    expect(error).toMatchObject({ reason: 'Forbidden', code: 403, details: { causes: [{ message }] } });
  });

  it('warns, and notes in the audit log', async () => {
    const auditAnnotations = [
      { key: 'size', valueExpression: "'is ' + object.data.size" },
      { key: 'none', valueExpression: 'null' },
    ];
    await bench.addValidating({ validations, auditAnnotations }, { validationActions: ['Warn', 'Audit'] });
    const { error, warnings, notes } = await bench.write('a', { size: 'large' });
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
    await bench.write('a', { size: 'large' });
    await bench.addValidating({
      validations: [{ expression: "object != null || oldObject.data.size == 'small'", message: 'kept' }],
    });
    await expect(
      bench.registry.service('configmaps').delete({ namespace: 'x', name: 'a' }, deletes()),
    ).rejects.toMatchObject({
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
    await bench.addValidating({
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
    const service = bench.registry.service('autoscaling/v2/horizontalpodautoscalers');
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
    await bench.write('large', { size: 'large' }, { kind: 'params' });
    await bench.write('small', { size: 'small' }, { kind: 'params' });
    await bench.addValidating(spec, { paramRef });
    const { error } = await bench.write('a', { size: 'large' });
    expect(error?.message).toBe(why && denied(why));
  });

  it('of a kind that is not served are told of', async () => {
    const paramKind = { apiVersion: 'example.org/v1', kind: 'None' };
    await bench.addValidating({ ...spec, paramKind }, { paramRef: { name: 'n', parameterNotFoundAction: 'Deny' } });
    const { error } = await bench.write('a', { size: 'large' });
    const why = "failed to find resource referenced by paramKind: 'example.org/v1, Kind=None'";
    expect(error?.message).toBe(denied(`failed to configure binding: ${why}`));
  });
});
