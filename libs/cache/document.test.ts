import { Document, storedValue } from './document.ts';

const object = {
  apiVersion: 'v1',
  data: { note: '"metadata":{' },
  kind: 'ConfigMap',
  metadata: { name: 'x', resourceVersion: '3' },
};

describe('Document', () => {
  it('stores kind, apiVersion and metadata first, without resourceVersion', () => {
    expect(String(storedValue(object))).toBe(
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"note":"\\"metadata\\":{"}}',
    );
  });

  it('splices the revision in', () => {
    const document = Document.ofValue(storedValue(object), 42);
    expect(document.object).toEqual({ ...object, metadata: { name: 'x', resourceVersion: '42' } });
    expect(document.object).toBe(document.object);
  });

  it('shows the same state under another revision', () => {
    const document = Document.ofValue(storedValue(object), 42).at(1234);
    expect(document.object.metadata?.resourceVersion).toBe('1234');
    expect(document.revision).toBe(1234);
  });

  it('gives list items without kind and apiVersion', () => {
    const document = Document.ofValue(storedValue(object), 42);
    expect(JSON.parse(`{${document.itemBytes}`)).toEqual({
      metadata: { name: 'x', resourceVersion: '42' },
      data: object.data,
    });
  });
});
