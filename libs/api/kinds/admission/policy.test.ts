import { complaintsOf, withValue } from '../../../../test/support/complaints.ts';
import type { V1ValidatingAdmissionPolicy } from '../../gen/types.ts';
import { mutatingadmissionpolicies, validatingadmissionpolicies } from '../admissionpolicy.ts';

const rules = [{ apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['CREATE'] }];

function policy(): V1ValidatingAdmissionPolicy {
  const made: V1ValidatingAdmissionPolicy = {
    metadata: { name: 'p', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression: 'true' }] },
  };
  validatingadmissionpolicies.setDefaults?.(made);
  return made;
}

describe('the form of a validating policy', () => {
  it.each<[string, unknown, string[]]>([
    ['spec.validations.0.message', ' ', ['Invalid spec.validations[0].message']],
    ['spec.validations.0.message', 'a\nb', ['Invalid spec.validations[0].message']],
    ['spec.validations.0.reason', 'Odd', ['NotSupported spec.validations[0].reason']],
    ['spec.paramKind', { apiVersion: 'a/b/c', kind: 'K' }, ['Invalid spec.paramKind.apiVersion']],
    ['spec.paramKind', { apiVersion: 'v1', kind: 'a_b' }, ['Invalid spec.paramKind.kind']],
    ['spec.variables', [{ name: 'in', expression: '1' }], ['Invalid spec.variables[0].name']],
    [
      'spec.auditAnnotations',
      [{ key: 'a', valueExpression: '' }],
      ['Required spec.auditAnnotations[0].valueExpression'],
    ],
    [
      'spec.matchConstraints.resourceRules.0.resourceNames',
      ['a/b'],
      ['Invalid spec.matchConstraints.resourceRules[0].resourceNames[0]'],
    ],
    [
      'spec.matchConstraints.resourceRules.0.resourceNames',
      ['a', 'b', 'a', 'a'],
      [2, 3].map((i) => `Duplicate spec.matchConstraints.resourceRules[0].resourceNames[${i}]`),
    ],
    [
      'spec.matchConditions',
      ['a', 'b', 'a'].map((name) => ({ name, expression: 'true' })),
      ['Duplicate spec.matchConditions[2].name'],
    ],
    [
      'spec.matchConditions',
      ['a', 'a', 'b c'].map((name) => ({ name, expression: 'true' })),
      ['Duplicate spec.matchConditions[1].name', 'Invalid spec.matchConditions[2].name'],
    ],
    [
      'spec.auditAnnotations',
      ['a', 'b', 'a'].map((key) => ({ key, valueExpression: '"x"' })),
      ['Duplicate spec.auditAnnotations[2].key'],
    ],
  ])('%s: %j', (path, value, complaints) => {
    expect(complaintsOf(validatingadmissionpolicies.validate?.(withValue(policy(), path, value)) ?? [])).toEqual(
      complaints,
    );
  });

  it.each<[string, string[]]>([
    ['spec.validations[0].expression', []],
    [' ', ['Required status.typeChecking.expressionWarnings[0].fieldRef']],
    ['spec.validations[', ['Invalid status.typeChecking.expressionWarnings[0].fieldRef']],
  ])('of a warning names %j', (fieldRef, complaints) => {
    const status = { typeChecking: { expressionWarnings: [{ fieldRef, warning: 'w' }] } };
    const told = validatingadmissionpolicies.validateStatusUpdate?.(withValue(policy(), 'status', status), policy());
    expect(complaintsOf(told ?? [])).toEqual(complaints);
  });

  it('of a status asks for conditions with reasons', () => {
    const status = { conditions: [{ type: 'A', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] };
    const told = validatingadmissionpolicies.validateStatusUpdate?.(withValue(policy(), 'status', status), policy());
    expect(complaintsOf(told ?? [])).toEqual(['Required status.conditions[0].reason']);
  });
});

describe('the form of a mutation', () => {
  const complaints = (...mutations: object[]) => {
    const spec = { matchConstraints: { resourceRules: rules }, reinvocationPolicy: 'Never', mutations };
    const made = { metadata: { name: 'p', creationTimestamp: '2026-01-01T00:00:00Z' }, spec } as never;
    mutatingadmissionpolicies.setDefaults?.(made);
    return complaintsOf(mutatingadmissionpolicies.validate?.(made) ?? []);
  };

  it('is that which its type names', () => {
    const expression = { expression: '[]' };
    expect(complaints({ patchType: 'Odd' })).toEqual(['NotSupported spec.mutations[0].patchType']);
    expect(complaints({ patchType: 'JSONPatch' })).toEqual(['Required spec.mutations[0].jsonPatch']);
    const both = { patchType: 'JSONPatch', jsonPatch: expression, applyConfiguration: expression };
    expect(complaints(both)).toEqual(['Invalid spec.mutations[0].applyConfiguration']);
  });
});
