import { jest } from '@jest/globals';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { Document } from '../../libs/cache/document.ts';
import { storedValue } from '../../libs/cache/stored-value.ts';
import { decodeProtobuf } from '../../libs/wire/kubernetes/decode.ts';
import { protobufPieces } from './protobuf-answers.ts';
import { Recent } from './recent.ts';

const megabyte = 1024 * 1024;
const documentOf = (index: number, bytes: number) => {
  const metadata = { name: `c-${index}`, namespace: 'x' };
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { text: `${index}`.padEnd(bytes, 'x') } };
  return Document.ofValue(storedValue(object), index + 1);
};

/** Of a list beyond some 32 MB only the first message is kept: after it, it is known to be too long. */
const lists = [
  { name: 'none', count: 0, bytes: 0, kept: 0 },
  { name: 'more than one turn', count: 450, bytes: 10, kept: 450 },
  { name: 'as much as is kept', count: 20, bytes: megabyte, kept: 20 },
  { name: 'more than is kept', count: 40, bytes: megabyte, kept: 1 },
];
it.each(lists)('a list in protobuf has all of its items each time: $name', async ({ count, bytes, kept }) => {
  const keeping = jest.spyOn(Recent.prototype, 'set');
  const documents = Array.from({ length: count }, (_, index) => documentOf(index, bytes));
  for (let turn = 0; turn < 2; turn++) {
    const pieces = await protobufPieces(configmaps, { documents, revision: 9 });
    const list = decodeProtobuf(Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece, 'latin1')))) as {
      items?: Array<{ metadata: { name: string }; data: { text: string } }>;
    };
    const read = (list.items ?? []).map(({ metadata, data }) => [
      metadata.name,
      Number.parseInt(data.text, 10),
      data.text.length,
    ]);
    const wanted = documents.map((_, index) => [`c-${index}`, index, Math.max(bytes, String(index).length)]);
    expect(read).toEqual(wanted);
  }
  expect(keeping).toHaveBeenCalledTimes(kept);
  keeping.mockRestore();
});
