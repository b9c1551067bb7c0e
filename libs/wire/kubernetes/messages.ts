import { messageLines } from './gen/messages.ts';

/** How one field of a message is read. */
export interface MessageField {
  readonly name: string;
  readonly number: number;
  readonly shape: 'one' | 'list' | 'map';
  /** A scalar such as `string`, or the full name of a message. */
  readonly type: string;
  /** The message's fields stand among those of the message around it, as embedded structures do in JSON. */
  readonly inlined: boolean;
}

export type Message = ReadonlyMap<number, MessageField>;

const scalars = new Set(['string', 'bool', 'int32', 'int64', 'bytes', 'double']);

/** Embedded structures of the Kubernetes types. */
const inlined = new Set([
  'volumeSource',
  'persistentVolumeSource',
  'handler',
  'localObjectReference',
  'ephemeralContainerCommon',
  'ruleWithOperations',
  'rule',
  'ingressRuleValue',
  'deviceConfiguration',
]);

/** Names that JSON writes in another way. */
const jsonNames: Readonly<Record<string, string>> = {
  'apiextensions.v1.JSONSchemaProps schema': '$schema',
  'apiextensions.v1.JSONSchemaProps ref': '$ref',
  'authentication.v1.BoundObjectReference uID': 'uid',
  'networking.v1.IngressClassParametersReference aPIGroup': 'apiGroup',
  'networking.v1beta1.IngressClassParametersReference aPIGroup': 'apiGroup',
};

const parsed = new Map<string, Message>();

/** The fields of a message by number; undefined for a message that does not exist. */
export function messageOf(name: string): Message | undefined {
  const known = parsed.get(name);
  if (known) return known;
  const line = messageLines[name];
  if (line === undefined) return undefined;
  const scope = name.slice(0, name.lastIndexOf('.'));
  const fields = line.split('|').map((text) => fieldOf(name, scope, text));
  const message = new Map(fields.map((field) => [field.number, field]));
  parsed.set(name, message);
  return message;
}

function fieldOf(message: string, scope: string, text: string): MessageField {
  const [name = '', number = '', declared = ''] = text.split(' ');
  const shape = declared.startsWith('[]') ? 'list' : declared.startsWith('{}') ? 'map' : 'one';
  const type = shape === 'one' ? declared : declared.slice(2);
  return {
    name: jsonNames[`${message} ${name}`] ?? jsonName(message, name),
    number: Number(number),
    shape,
    type: scalars.has(type) || type.includes('.') ? type : `${scope}.${type}`,
    inlined: inlined.has(name) && !scalars.has(type),
  };
}

/** `xKubernetesListType` is `x-kubernetes-list-type`; admission's `Webhooks` is `webhooks`. */
function jsonName(message: string, name: string): string {
  if (message.startsWith('admissionregistration.')) return name.charAt(0).toLowerCase() + name.slice(1);
  if (!name.startsWith('xKubernetes')) return name;
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Groups whose messages stand in a package of another name. */
const packages: Readonly<Record<string, string>> = { metrics: 'metrics.pkg.apis.metrics' };

/** The message of a kind: `apps.v1.Deployment` for Deployment in apps/v1; options stand in meta.v1. */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  const slash = apiVersion.lastIndexOf('/');
  const group = slash < 0 ? 'core' : (apiVersion.slice(0, slash).split('.')[0] ?? '');
  const own = `${packages[group] ?? group}.${apiVersion.slice(slash + 1)}.${kind}`;
  if (messageOf(own)) return own;
  const shared = `apis.meta.v1.${kind}`;
  return messageOf(shared) ? shared : undefined;
}
