import { inflateRawSync } from 'node:zlib';

const directoryEndSignature = 0x06054b50;
const entryBytesMin = 46;
const deflated = 8;

/** One file of a zip archive. Source: APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. */
export function unzip(archive: Buffer, path: string): Buffer {
  let end = archive.length - 22;
  while (archive.readUInt32LE(end) !== directoryEndSignature) end--;
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + entryBytesMin, at + entryBytesMin + nameBytes);
    if (name === path) return contentOf(archive, at);
    at += entryBytesMin + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`the archive holds no ${path}`);
}

function contentOf(archive: Buffer, entry: number): Buffer {
  const head = archive.readUInt32LE(entry + 42);
  const start = head + 30 + archive.readUInt16LE(head + 26) + archive.readUInt16LE(head + 28);
  const packed = archive.subarray(start, start + archive.readUInt32LE(entry + 20));
  return archive.readUInt16LE(entry + 10) === deflated ? inflateRawSync(packed) : packed;
}
