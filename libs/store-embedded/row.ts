/**
 * The log is one LMDB database. A row's key is position (7 bytes, big endian), create revision (6 bytes, 0 for a
 * removal) and the store key; its value is the object. Everything the index needs stands in the key, so opening reads
 * no values. Position = revision * placesMax + the write's place in its transaction. In stores of before each write had
 * a revision of its own, the writes of a transaction have one revision and differ in their places alone.
 */
const placesMax = 4096;

/** LMDB keys end at 1978 bytes with 4 kB pages. */
export const keyBytesMax = 1900;

const positionBytes = 7;
const headerBytes = positionBytes + 6;
const lowPart = 2 ** 32;

export function positionOf(revision: number, place: number): number {
  return revision * placesMax + place;
}

function writePosition(into: Buffer, position: number): void {
  into.writeUIntBE(Math.floor(position / lowPart), 0, 3);
  into.writeUInt32BE(position % lowPart, 3);
}

/** The row key of one write, with the store key in UTF-8. */
export function encodeRowKey(position: number, createRevision: number, key: string): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const row = Buffer.allocUnsafe(headerBytes + keyBytes);
  writePosition(row, position);
  row.writeUIntBE(createRevision, positionBytes, 6);
  // The same for ASCII, which nearly all are, and quicker.
  row.write(key, headerBytes, keyBytes === key.length ? 'latin1' : 'utf8');
  return row;
}

/** The smallest row key at or after `position`: where a range starts. */
export function encodeRangeStart(position: number): Buffer {
  const row = Buffer.allocUnsafe(positionBytes);
  writePosition(row, position);
  return row;
}

export interface RowKey {
  position: number;
  revision: number;
  /** 0 for the first write of a transaction. */
  place: number;
  createRevision: number;
  key: string;
}

export function decodeRowKey(row: Buffer): RowKey {
  const position = row.readUIntBE(0, 3) * lowPart + row.readUInt32BE(3);
  return {
    position,
    revision: Math.floor(position / placesMax),
    place: position % placesMax,
    createRevision: row.readUIntBE(positionBytes, 6),
    key: row.toString('utf8', headerBytes),
  };
}
