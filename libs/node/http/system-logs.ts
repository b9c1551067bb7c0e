import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Opened, openBelow } from '../open-below.ts';

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
  const opened = await openBelow(root, join(...below)).catch(() => undefined);
  if (!opened) return notFound;
  try {
    if (opened.stats.isFile()) return await fileEnd(opened);
    // Seen from a folder that was asked for without its slash, names are relative to the one above.
    const prefix = path.endsWith('/') ? '' : `${encodeURIComponent(parts.at(-1) ?? 'logs')}/`;
    return await folderPage(opened, { prefix, more: parts.length === 0 ? ['pods/'] : [] });
  } catch {
    return notFound;
  } finally {
    await opened.handle.close();
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Source of the form: Go's http.FileServer, whose pages clients of kubelets read. */
async function folderPage(
  { itself }: Opened,
  { prefix, more }: { prefix: string; more: readonly string[] },
): Promise<Answer> {
  const entries = await readdir(itself, { withFileTypes: true });
  const names = new Set([...entries.map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`), ...more]);
  const links = [...names].sort().map((name) => `<a href="${prefix}${hrefOf(name)}">${escapeHtml(name)}</a>\n`);
  const page = `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${links.join('')}</pre>\n`;
  return { status: 200, contentType: 'text/html; charset=utf-8', body: Buffer.from(page) };
}

/** A name may hold what would end the path of a link, or begin another host: only the slash of a folder stays. */
const hrefOf = (name: string) => encodeURIComponent(name).replace(/%2F$/, '/');

async function fileEnd({ handle, stats: { size } }: Opened): Promise<Answer> {
  const body = Buffer.alloc(Math.min(size, fileBytesMax));
  const { bytesRead } = await handle.read(body, 0, body.length, size - body.length);
  return { status: 200, contentType: 'text/plain; charset=utf-8', body: body.subarray(0, bytesRead) };
}
