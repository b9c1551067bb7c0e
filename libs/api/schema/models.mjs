// Reads the models of @kubernetes/client-node: name, description, and each field with type, format and description.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../node_modules/@kubernetes/client-node/dist/gen/models');

const plain = (comment) =>
  (comment ?? '')
    .split('\n')
    .map((line) => line.replace(/^\s*\/?\*+\/?\s?/, '').trimEnd())
    .join('\n')
    .trim()
    .replaceAll(/\\(["'])/g, '$1');

/** Where the client renames what JavaScript reserves (`_default`) or cannot write, the name on the wire and the format. */
function wireFields(code) {
  const pattern = /"name": "([^"]+)",\s+"baseName": "([^"]+)",\s+"type": "([^"]*)",\s+"format": "([^"]*)"/g;
  return new Map([...code.matchAll(pattern)].map(([, name, wire, type, format]) => [name, { wire, type, format }]));
}

function modelOf(file) {
  const text = readFileSync(join(folder, file), 'utf8');
  const head = /(?:(\/\*\*(?:(?!\*\/)[\s\S])*?\*\/)\s*)?export declare class (\w+)/.exec(text);
  if (!head) return undefined;
  const wire = wireFields(readFileSync(join(folder, file.replace('.d.ts', '.js')), 'utf8'));
  const pattern = /(?: {4}(\/\*\*(?:(?!\*\/)[\s\S])*?\*\/)\n)? {4}'([^']+)'(\??):/gm;
  const fields = [...text.matchAll(pattern)].map(([, comment, name, optional]) => {
    const { wire: wireName, type, format } = wire.get(name);
    return { name: wireName, type, format, required: optional === '', description: plain(comment) };
  });
  const comment = head[1]?.includes('OpenAPI Generator') ? '' : plain(head[1]);
  return { name: head[2], description: comment, fields };
}

/** Every model, by name. */
export function readModels() {
  const files = readdirSync(folder).filter((file) => /^(?!all\.|ObjectSerializer\.)[A-Z].*\.d\.ts$/.test(file));
  return new Map(
    files
      .map(modelOf)
      .filter(Boolean)
      .map((model) => [model.name, model]),
  );
}
