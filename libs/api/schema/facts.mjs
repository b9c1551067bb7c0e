// Reads facts.txt; its head explains the form.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const listed = ['always', 'kept', 'dropped', 'quantity', 'free', 'set', 'atomic', 'granular', 'retainKeys', 'replace'];

/** `containers(name)` -> ['containers', 'name']; `protocol=TCP` -> ['protocol', 'TCP']; `finalizers` -> ['finalizers', '']. */
function pair(word) {
  const [, name, inBrackets, afterSign] = /^([^(=]+)(?:\(([^)]*)\)|=(.*))?$/.exec(word);
  return [name, inBrackets ?? afterSign ?? ''];
}

function addFact(facts, key, words) {
  if (key === 'self') facts.self = words[0];
  else if (listed.includes(key)) facts[key] = new Set([...(facts[key] ?? []), ...words]);
  else facts[key] = new Map([...(facts[key] ?? []), ...words.map(pair)]);
}

/** The facts of every definition, by its name without `io.k8s.` and what stands before the group. */
export function readFacts() {
  const definitions = new Map();
  let facts;
  let key;
  for (const line of readFileSync(join(import.meta.dirname, 'facts.txt'), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) {
      facts = {};
      definitions.set(line, facts);
      continue;
    }
    const [, word, rest] = /^ {2}(\w+):(.*)$/.exec(line) ?? [undefined, key, line];
    key = word;
    addFact(facts, key, rest.trim().split(/\s+/));
  }
  return definitions;
}
