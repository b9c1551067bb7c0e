import { complaintsOf, withValue } from '../../../test/support/complaints.ts';
import type { FieldError } from '../../api/definition.ts';
import type { V1ValidatingAdmissionPolicy } from '../../api/gen/types.ts';
import { mutatingadmissionpolicies, validatingadmissionpolicies } from '../../api/kinds/admissionpolicy.ts';
import { inOrder } from './complaint-order.ts';

const at = (field: string, reason: FieldError['reason'] = 'FieldValueInvalid'): FieldError => ({
  field,
  reason,
  message: 'x',
});

describe('complaints of form and of expressions', () => {
  it.each<[string, FieldError[], FieldError[], string[]]>([
    ['are told item by item', [at('spec.validations[1].reason')], [at('spec.validations[0].expression')], ['0', '1']],
    [
      'of an item begin with its expression',
      [at('webhooks[0].matchConditions[0].name')],
      [at('webhooks[0].matchConditions[0].expression')],
      ['expression', 'name'],
    ],
    [
      'of an annotation begin with its key',
      [at('spec.auditAnnotations[0].key')],
      [at('spec.auditAnnotations[0].valueExpression')],
      ['key', 'valueExpression'],
    ],
    [
      'end with the second of one name',
      [at('spec.auditAnnotations[0].key', 'FieldValueDuplicate')],
      [at('spec.auditAnnotations[0].valueExpression')],
      ['valueExpression', 'key'],
    ],
    ['begin with metadata', [at('metadata.name')], [at('spec.variables[0].expression')], ['name', 'expression']],
  ])('%s', (_what, found, ofExpressions, ends) => {
    const told = inOrder(found, ofExpressions).map(({ field }) => field);
    expect(told).toEqual(ends.map((end) => expect.stringContaining(end)));
  });
});

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
  ])('%s: %j', (path, value, complaints) => {
    expect(complaintsOf(validatingadmissionpolicies.validate?.(withValue(policy(), path, value)) ?? [])).toEqual(
      complaints,
    );
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
