import type { FieldError } from '../../api/definition.ts';
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
    [
      'stand between the second of one name and what comes after the list',
      [at('webhooks[0].matchConditions[1].name', 'FieldValueDuplicate'), at('webhooks[0].admissionReviewVersions')],
      [at('webhooks[0].matchConditions[2].expression')],
      ['name', 'expression', 'admissionReviewVersions'],
    ],
    [
      'of a mutation begin with the patch of its type',
      [at('spec.mutations[0].jsonPatch'), at('spec.mutations[1].patchType')],
      [at('spec.mutations[0].applyConfiguration.expression')],
      ['expression', 'jsonPatch', 'patchType'],
    ],
    [
      'keep the order of each kind',
      [at('spec.unknown'), at('metadata.name'), at('spec.reinvocationPolicy')],
      [at('spec.variables[1].expression'), at('spec.variables[0].expression')],
      ['unknown', 'metadata.name', '1', '0', 'reinvocationPolicy'],
    ],
    ['begin with metadata', [at('metadata.name')], [at('spec.variables[0].expression')], ['name', 'expression']],
  ])('%s', (_what, found, ofExpressions, ends) => {
    const told = inOrder(found, ofExpressions).map(({ field }) => field);
    expect(told).toEqual(ends.map((end) => expect.stringContaining(end)));
  });
});
