import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** What of a file is answered: its end. A node session carries messages of 16 MiB. */
const fileBytesMax = 8 * 2 ** 20;

/** Where the logs of a node are. */
export interface LogRoots {
  /** Of the machine: what `/logs/` shows. */
  system: string;
  /** Of containers: what `/logs/pods/` shows. */
  pods: string;
}

export interface Answer {
  status: number;
  contentType: string;
  body: Uint8Array;
}

const notFound: Answer = {
  status: 404,
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from('404 page not found\n'),
};

/**
 * Answers `/logs/...`: a folder as a page of links, a file as its text. Links are followed only where they stay below a
 * root: what a pod may write there must not open the rest of the machine.
 */
export async function systemLogs(roots: LogRoots, path: string): Promise<Answer> {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.some((part) => part === '..' || part.includes('\0'))) return notFound;
  const [root, below] = parts[0] === 'pods' ? [roots.pods, parts.slice(1)] : [roots.system, parts];
  try {
    const [base, found] = await Promise.all([realpath(root), realpath(join(root, ...below))]);
    if (found !== base && !found.startsWith(base + sep)) return notFound;
    const stats = await stat(found);
    if (stats.isDirectory()) return await folderPage(found, parts.length === 0 ? ['pods/'] : []);
    return stats.isFile() ? await fileEnd(found) : notFound;
  } catch {
    return notFound;
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Source of the form: Go's http.FileServer, whose pages clients of kubelets read. */
async function folderPage(path: string, more: readonly string[]): Promise<Answer> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = new Set([...entries.map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`), ...more]);
  const links = [...names].sort().map((name) => `<a href="${encodeURI(name)}">${escapeHtml(name)}</a>\n`);
  const page = `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${links.join('')}</pre>\n`;
  return { status: 200, contentType: 'text/html; charset=utf-8', body: Buffer.from(page) };
}

async function fileEnd(path: string): Promise<Answer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const body = Buffer.alloc(Math.min(size, fileBytesMax));
    const { bytesRead } = await file.read(body, 0, body.length, size - body.length);
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: body.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}
