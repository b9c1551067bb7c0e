import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../../test/support/registry.ts';
import type { V1ValidatingAdmissionPolicy } from '../../api/gen/types.ts';
import { deployments } from '../../api/kinds/deployment.ts';
import { serveCheckedPolicies } from './definitions.ts';
import { typeWarnings } from './type-checks.ts';

const group = 'admissionregistration.k8s.io/v1';
const matchConstraints = {
  resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['*'] }],
};

describe('expressions of a new', () => {
  let scratch: ScratchRegistry;

  beforeAll(async () => {
    scratch = await openScratchRegistry();
    serveCheckedPolicies(scratch.registry);
  });

  afterAll(() => scratch.close());

  const validations = [{ expression: 'true' }];
  const mutation = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });

  it.each<[string, string, object, string | undefined]>([
    ['policy that are sound', 'ValidatingAdmissionPolicy', { validations }, undefined],
    [
      'policy that are no condition',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: '1' }] },
      'spec.validations[0].expression',
    ],
    [
      'policy that may turn out to be none',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: 'object.spec.none' }] },
      'spec.validations[0].expression',
    ],
    [
      'policy that ask a namespace for what it does not tell',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: "namespaceObject.metadata.uid == 'x'" }] },
      'spec.validations[0].expression',
    ],
    [
      'policy that take a label of a namespace for a number',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: "namespaceObject.metadata.labels['a'] == 1" }] },
      'spec.validations[0].expression',
    ],
    [
      'policy that ask for conditions of a namespace',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: "namespaceObject.status.conditions.exists(c, c.type == 'x')" }] },
      undefined,
    ],
    [
      'policy whose message is none',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: 'true', messageExpression: '1' }] },
      'spec.validations[0].messageExpression',
    ],
    [
      'policy without parameters',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: 'params.a' }] },
      'spec.validations[0].expression',
    ],
    [
      'policy with parameters',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: "params.a == 'b'" }], paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } },
      undefined,
    ],
    [
      'policy that use later variables',
      'ValidatingAdmissionPolicy',
      {
        validations,
        variables: [
          { name: 'a', expression: 'variables.b' },
          { name: 'b', expression: '1' },
        ],
      },
      'spec.variables[0].expression',
    ],
    [
      'policy with types that do not fit its variables',
      'ValidatingAdmissionPolicy',
      { validations: [{ expression: "variables.a == 'x'" }], variables: [{ name: 'a', expression: '1' }] },
      'spec.validations[0].expression',
    ],
    [
      'policy whose conditions speak of unknown parts of the request',
      'ValidatingAdmissionPolicy',
      { validations, matchConditions: [{ name: 'a', expression: "request.none == ''" }] },
      'spec.matchConditions[0].expression',
    ],
    [
      'policy with annotations that are numbers',
      'ValidatingAdmissionPolicy',
      { auditAnnotations: [{ key: 'a', valueExpression: '1' }] },
      'spec.auditAnnotations[0].valueExpression',
    ],
    [
      'mutation',
      'MutatingAdmissionPolicy',
      { reinvocationPolicy: 'Never', mutations: [mutation('Object{}')] },
      undefined,
    ],
    [
      'variable that make a patch, which mutations alone do',
      'MutatingAdmissionPolicy',
      {
        reinvocationPolicy: 'Never',
        mutations: [mutation('Object{}')],
        variables: [{ name: 'p', expression: '[JSONPatch{}]' }],
      },
      'spec.variables[0].expression',
    ],
    [
      'mutation that make nothing',
      'MutatingAdmissionPolicy',
      { reinvocationPolicy: 'Never', mutations: [mutation("'text'")] },
      'spec.mutations[0].applyConfiguration.expression',
    ],
    [
      'mutation of no known type, which are looked at no further',
      'MutatingAdmissionPolicy',
      { reinvocationPolicy: 'Never', mutations: [{ ...mutation('('), patchType: 'Odd' }] },
      'spec.mutations[0].patchType',
    ],
    [
      'policy with an annotation that is too long to be looked at',
      'ValidatingAdmissionPolicy',
      { auditAnnotations: [{ key: 'a', valueExpression: '('.repeat(6 * 1024) }] },
      'spec.auditAnnotations[0].valueExpression',
    ],
    [
      'mutation that make no patch',
      'MutatingAdmissionPolicy',
      { reinvocationPolicy: 'Never', mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[1]' } }] },
      'spec.mutations[0].jsonPatch.expression',
    ],
  ])('%s', async (_what, kind, spec, field) => {
    const plural = `${kind.toLowerCase().slice(0, -1)}ies`;
    const object = { apiVersion: group, kind, metadata: { name: 'p' }, spec: { matchConstraints, ...spec } };
    const created = scratch.service(`${group}/${plural}`).create({}, bodyOf(object), asks({ dryRun: true }));
    if (field === undefined) await expect(created).resolves.toBeDefined();
    else await expect(created).rejects.toMatchObject({ reason: 'Invalid', details: { causes: [{ field }] } });
  });
});

describe('types of the kinds that a policy is about', () => {
  const parts = {
    definitionOf: () => undefined,
    resource: (_group: string, _version: string, plural: string) =>
      plural === 'deployments' ? deployments : undefined,
  };

  it.each<[string, string | undefined]>([
    ['object.spec.replicas > 1', undefined],
    [
      'object.spec.template.spec.containers.all(c, c.image.startsWith("a") && c.resources.limits["cpu"] == "1")',
      undefined,
    ],
    [
      'object.metadata.labels.app == "a" && object.metadata.creationTimestamp < timestamp("2020-01-01T00:00:00Z")',
      undefined,
    ],
    ["object.spec.replicas > '1'", "found no matching overload for '_>_' applied to '(int, string)'"],
    ['object.spec.maxRetries < 10', "undefined field 'maxRetries'"],
  ])('%s', (expression, warning) => {
    const policy = { spec: { matchConstraints, validations: [{ expression }] } } as V1ValidatingAdmissionPolicy;
    const found = typeWarnings(policy, parts);
    expect(found.map(({ fieldRef }) => fieldRef)).toEqual(warning ? ['spec.validations[0].expression'] : []);
    if (warning) expect(found[0]?.warning).toContain(`apps/v1, Kind=Deployment: ERROR: <input>:`);
    if (warning) expect(found[0]?.warning).toContain(warning);
  });
});
