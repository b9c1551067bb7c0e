import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One request as it was recorded; `NS` stands for the namespace of the case. */
export interface Ask {
  method?: string;
  path: string;
  /** Content type of the body; JSON when absent. */
  type?: string;
  accept?: string;
  body?: unknown;
}

/** What is compared of an answer. */
export interface Seen {
  code: number;
  warning?: string;
  body: unknown;
}

/** An exchange with a real Kubernetes API server, with values that no two runs share replaced by placeholders. */
export interface GoldenCase {
  id: string;
  area: string;
  steps: ReadonlyArray<{ do: Ask; see: Seen }>;
  /** Leaves nothing behind, so all such cases can use one namespace. */
  shared?: boolean;
  /** A path that has to be found before the second step. */
  settle?: string;
  /** Paths of objects outside the namespace that are to be removed afterwards. */
  undo?: readonly string[];
}

export function readCases(file: string): GoldenCase[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as GoldenCase);
}
