import { Document } from '../cache/document.ts';
import { storedValue } from '../cache/stored-value.ts';
import { MetadataAlone } from './metadata-alone.ts';

describe('MetadataAlone', () => {
  const object = {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: {
      name: 'a',
      namespace: 'x',
      annotations: { note: 'é' },
      managedFields: [{ manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }],
    },
    reason: 'Scheduled',
  };

  it.each([
    { name: 'stored', document: Document.ofValue(storedValue(object), 42) },
    { name: 'only answered', document: Document.ofValue(storedValue(object), 41).at(42) },
  ])('shows the metadata of what is $name', ({ document }) => {
    const { metadata } = new MetadataAlone(document);
    expect(metadata).toEqual({ ...object.metadata, resourceVersion: '42' });
  });
});
