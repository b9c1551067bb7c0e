/** One member of an archive. `path` is relative, without a leading slash; directories carry no trailing one. */
export type TarEntry =
  | { type: 'file'; path: string; content: Uint8Array; mode?: number }
  | { type: 'directory'; path: string; mode?: number }
  | { type: 'symlink'; path: string; target: string };

const blockBytes = 512;
const nameBytesMax = 100;
const prefixBytesMax = 155;
const typeFlags = { file: '0', symlink: '2', directory: '5' } as const;
const defaultModes = { file: 0o644, symlink: 0o777, directory: 0o755 } as const;

/**
 * A ustar archive (POSIX.1-1988) of the entries in the order given. Owner is root and every time is the epoch, so that
 * equal entries give equal bytes.
 * @throws RangeError when a path or link target does not fit the format.
 */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) {
    blocks.push(header(entry));
    if (entry.type === 'file') blocks.push(entry.content, padding(entry.content.length));
  }
  blocks.push(Buffer.alloc(2 * blockBytes));
  return Buffer.concat(blocks);
}

function padding(length: number): Buffer {
  return Buffer.alloc((blockBytes - (length % blockBytes)) % blockBytes);
}

function header(entry: TarEntry): Buffer {
  const block = Buffer.alloc(blockBytes);
  const { name, prefix } = splitPath(entry.type === 'directory' ? `${entry.path}/` : entry.path);
  const mode = 'mode' in entry && entry.mode !== undefined ? entry.mode : defaultModes[entry.type];
  block.write(name, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(entry.type === 'file' ? entry.content.length : 0, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(typeFlags[entry.type], 156);
  if (entry.type === 'symlink') block.write(fitting(entry.target, nameBytesMax), 157);
  block.write('ustar\0', 257);
  block.write('00', 263);
  block.write('root', 265);
  block.write('root', 297);
  block.write(prefix, 345);
  // The checksum is taken with its own field full of spaces.
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(value: number, fieldBytes: number): string {
  return `${value.toString(8).padStart(fieldBytes - 1, '0')}\0`;
}

function fitting(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) > bytesMax) throw new RangeError(`"${text}" is longer than ${bytesMax} bytes`);
  return text;
}

/** A path of more than 100 bytes is cut at a slash into prefix and name. */
function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= nameBytesMax) return { name: path, prefix: '' };
  for (let cut = path.indexOf('/'); cut > 0; cut = path.indexOf('/', cut + 1)) {
    const name = path.slice(cut + 1);
    if (name !== '' && Buffer.byteLength(name) <= nameBytesMax) {
      return { name, prefix: fitting(path.slice(0, cut), prefixBytesMax) };
    }
  }
  throw new RangeError(`"${path}" does not fit a ustar header`);
}
