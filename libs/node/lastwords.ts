import { open } from 'node:fs/promises';
import type { ObservedContainer } from '../pods/observed.ts';
import type { ContainerInfo } from '../runtime/runtime.ts';
import { annotationNames, type PodIdentity } from './labels.ts';
import { type NodePaths, PodPaths } from './options.ts';

/** What is read of a termination message file. */
const messageBytesMax = 4096;
/** What of its log stands in for a termination message, in bytes, */
const logBytesMax = 2048;
/** and in lines. */
const logLinesMax = 80;

async function readEnd(path: string, bytesMax: number, tail: boolean): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const length = Math.min(size, bytesMax);
      const buffer = Buffer.alloc(length);
      await file.read(buffer, 0, length, tail ? size - length : 0);
      return buffer.toString('utf8');
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}

/** What was written, from log lines of time, stream, tag and text; a line tagged `P` has no end yet. */
function plain(log: string): string {
  const lines = log.split('\n').filter((line) => line !== '');
  const texts = lines.slice(-logLinesMax).map((line) => {
    const [, , tag, ...words] = line.split(' ');
    return `${words.join(' ')}${tag === 'P' ? '' : '\n'}`;
  });
  return texts.join('').slice(-logBytesMax);
}

/** What a container left as its termination message: its file, or by its policy the end of its log. */
export async function lastWords(
  paths: NodePaths,
  identity: PodIdentity,
  container: ObservedContainer,
  info: ContainerInfo,
): Promise<string> {
  const pod = new PodPaths(paths, identity);
  if (!info.annotations[annotationNames.terminationPath]) return info.message;
  const written = await readEnd(pod.terminationFile(container.name, container.restartCount), messageBytesMax, false);
  if (written !== '') return written;
  const fallBack = info.annotations[annotationNames.terminationPolicy] === 'FallbackToLogsOnError';
  if (!fallBack || container.exitCode === 0) return info.message;
  const log = await readEnd(pod.logFile(container.name, container.restartCount), logBytesMax * 4, true);
  return plain(log) || info.message;
}
