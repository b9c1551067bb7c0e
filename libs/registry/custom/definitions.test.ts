import { complaintsOf } from '../../../test/support/complaints.ts';
import type { V1CustomResourceDefinition, V1JSONSchemaProps } from '../../api/gen/types.ts';
import { checkedDefinitions } from './definitions.ts';

function definitionWith(size: V1JSONSchemaProps, more: V1JSONSchemaProps = {}): V1CustomResourceDefinition {
  const openAPIV3Schema: V1JSONSchemaProps = { type: 'object', properties: { size }, ...more };
  const definition: V1CustomResourceDefinition = {
    metadata: { name: 'widgets.example.org', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
  checkedDefinitions.setDefaults?.(definition);
  checkedDefinitions.prepareForCreate?.(definition);
  return definition;
}

const schema = 'spec.validation.openAPIV3Schema';
const rules = [{ rule: '1 + 1' }];

describe('the schema of a definition', () => {
  it.each<[string, V1CustomResourceDefinition, string[]]>([
    ['is fine with a default that fits', definitionWith({ type: 'integer', default: 1 }), []],
    [
      'of an unknown type is told after its default',
      definitionWith({ type: 'odd', default: 1 }),
      [`TypeInvalid ${schema}.properties[size].default`, `NotSupported ${schema}.properties[size].type`],
    ],
    [
      'has its rules looked at',
      definitionWith({ type: 'integer' }, { 'x-kubernetes-validations': rules }),
      [`Invalid ${schema}.x-kubernetes-validations[0].rule`],
    ],
    [
      'has its rules looked at once it is sound',
      definitionWith({ type: 'odd' }, { 'x-kubernetes-validations': rules }),
      [`NotSupported ${schema}.properties[size].type`],
    ],
  ])('%s', (_what, definition, complaints) => {
    expect(complaintsOf(checkedDefinitions.validate?.(definition) ?? [])).toEqual(complaints);
  });

  it('is looked at again only when it changes', () => {
    const definition = definitionWith({ type: 'integer' }, { 'x-kubernetes-validations': rules });
    expect(complaintsOf(checkedDefinitions.validateUpdate?.(definition, definition) ?? [])).toEqual([]);
  });
});
