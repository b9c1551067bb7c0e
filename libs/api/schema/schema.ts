import { assert } from '../../base/assert.ts';
import { schemaLines } from '../gen/schema.ts';
import { parseType } from './table.ts';
import type { GroupVersionKind, TypeSchema } from './types.ts';

/** Groups whose name in URLs is not the first word of their definitions. */
const groupNames: Readonly<Record<string, string>> = {
  core: '',
  admissionregistration: 'admissionregistration.k8s.io',
  apiextensions: 'apiextensions.k8s.io',
  apiregistration: 'apiregistration.k8s.io',
  apiserverinternal: 'internal.apiserver.k8s.io',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  certificates: 'certificates.k8s.io',
  coordination: 'coordination.k8s.io',
  discovery: 'discovery.k8s.io',
  events: 'events.k8s.io',
  flowcontrol: 'flowcontrol.apiserver.k8s.io',
  metrics: 'metrics.k8s.io',
  networking: 'networking.k8s.io',
  node: 'node.k8s.io',
  rbac: 'rbac.authorization.k8s.io',
  resource: 'resource.k8s.io',
  scheduling: 'scheduling.k8s.io',
  storage: 'storage.k8s.io',
  storagemigration: 'storagemigration.k8s.io',
};

const parsed = new Map<string, TypeSchema>();
let namesByDefinition: Map<string, string> | undefined;
let namesByKind: Map<string, string> | undefined;

/** Objects and lists have metadata, which parts that only refer to an object lack. */
const isObjectLine = (line: string) => ['apiVersion', 'kind', 'metadata'].every((name) => line.includes(`|${name} `));

function gvkOf(name: string): GroupVersionKind | undefined {
  const line = schemaLines[name];
  if (line === undefined || !isObjectLine(line)) return undefined;
  const words = (/^[^|\s]+/.exec(line)?.[0] ?? '').split('.');
  const [group = '', version = '', kind = ''] = words;
  if (words.length !== 3) return undefined;
  return { group: groupNames[group] ?? group, version, kind };
}

const keyOf = (gvk: GroupVersionKind) => `${gvk.group}/${gvk.version}/${gvk.kind}`;

function kinds(): Map<string, string> {
  namesByKind ??= new Map(
    Object.keys(schemaLines).flatMap((name) => {
      const gvk = gvkOf(name);
      return gvk ? [[keyOf(gvk), name] as const] : [];
    }),
  );
  return namesByKind;
}

/** The served types: fields, formats, list and patch rules, and their names. Parsed one by one when first asked for. */
export const schema = {
  /** Names of all types, as in gen/types.ts. */
  names(): string[] {
    return Object.keys(schemaLines);
  },

  has(name: string): boolean {
    return Object.hasOwn(schemaLines, name);
  },

  /** The type of that name. Asking for one that does not exist is a programmer's error. */
  type(name: string): TypeSchema {
    const known = parsed.get(name);
    if (known) return known;
    const line = schemaLines[name];
    assert(line !== undefined, `no schema is called ${name}`);
    const type = parseType(name, line, (other) => schema.type(other));
    parsed.set(name, type);
    return type;
  },

  /** The type of a group, version and kind; undefined where Berth has no built-in schema of it. */
  typeOfKind(gvk: GroupVersionKind): TypeSchema | undefined {
    const name = kinds().get(keyOf(gvk));
    return name === undefined ? undefined : schema.type(name);
  },

  /** Group, version and kind of a type that is an object or a list; undefined for parts of objects. */
  kindOfType(name: string): GroupVersionKind | undefined {
    return gvkOf(name);
  },

  /** The type of an OpenAPI definition such as `io.k8s.api.core.v1.Pod`. */
  typeOfDefinition(definition: string): TypeSchema | undefined {
    namesByDefinition ??= new Map(Object.keys(schemaLines).map((name) => [schema.type(name).definition, name]));
    const name = namesByDefinition.get(definition);
    return name === undefined ? undefined : schema.type(name);
  },
};
