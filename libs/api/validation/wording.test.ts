import type { FieldError } from '../definition.ts';
import { worded } from './wording.ts';

const pod = {
  spec: { containers: [{ name: 'a-', resources: { limits: { cpu: '-1' } } }] },
  metadata: { labels: { 'a.b/c': 'd e' } },
};

describe('worded', () => {
  it.each<[FieldError['reason'], string, string]>([
    ['FieldValueInvalid', 'spec.containers[0].name', 'Invalid value: "a-": why'],
    ['FieldValueInvalid', 'spec.containers[0].resources.limits[cpu]', 'Invalid value: "-1": why'],
    ['FieldValueInvalid', 'metadata.labels[a.b/c]', 'Invalid value: "d e": why'],
    ['FieldValueInvalid', 'spec.nothing.here', 'Invalid value: why'],
    ['FieldValueRequired', 'spec.containers', 'Required value: why'],
    ['FieldValueForbidden', 'spec.containers[0].name', 'Forbidden: why'],
  ])('%s at %s', (reason, field, message) => {
    expect(worded([{ field, reason, message: 'why' }], pod)).toEqual([{ field, reason, message }]);
  });

  it('cuts long values', () => {
    expect(
      worded([{ field: 'a', reason: 'FieldValueInvalid', message: 'why' }], { a: 'x'.repeat(999) })[0]?.message.length,
    ).toBeLessThan(240);
  });
});
