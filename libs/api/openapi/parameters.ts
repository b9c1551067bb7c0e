import type { Json, OpenApiVersion } from './json.ts';

interface Parameter {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'integer';
  readonly description: string;
}

const text = (name: string, description: string): Parameter => ({ name, type: 'string', description });
const flag = (name: string, description: string): Parameter => ({ name, type: 'boolean', description });
const number = (name: string, description: string): Parameter => ({ name, type: 'integer', description });

const resourceVersion = text('resourceVersion', 'The state to answer from: absent for the newest, 0 for any.');
const labelSelector = text('labelSelector', 'Only objects whose labels match.');
const fieldSelector = text('fieldSelector', 'Only objects whose fields match.');

const listParameters: readonly Parameter[] = [
  flag('allowWatchBookmarks', 'Send bookmark events while watching.'),
  text('continue', 'The token that the previous page ended with.'),
  fieldSelector,
  labelSelector,
  number('limit', 'How many objects a page has at most.'),
  resourceVersion,
  text('resourceVersionMatch', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  flag('sendInitialEvents', 'Begin a watch with the objects that stand already.'),
  number('timeoutSeconds', 'How long a list or a watch may take.'),
  flag('watch', 'Send changes as they happen instead of a list.'),
];

const dryRun = text('dryRun', 'All: do everything but keep the result.');

const writeParameters: readonly Parameter[] = [
  dryRun,
  text('fieldManager', 'The name under which the fields that are set are owned.'),
  text('fieldValidation', 'What unknown and duplicate fields do: Ignore, Warn or Strict.'),
];

const deleteParameters: readonly Parameter[] = [
  dryRun,
  number('gracePeriodSeconds', 'How long the object may take to end.'),
  flag('ignoreStoreReadErrorWithClusterBreakingPotential', 'Delete an object that cannot be read.'),
  flag('orphanDependents', 'Deprecated; see propagationPolicy.'),
  text('propagationPolicy', 'What becomes of dependents: Orphan, Background or Foreground.'),
];

const container = text('container', 'The container that is meant; may be left out where there is only one.');

/** What programs of pods can be given and take: attach and exec. */
const streamParameters: readonly Parameter[] = [
  container,
  flag('stderr', 'Whether the errors of the program are sent.'),
  flag('stdin', 'Whether the program is given what is sent.'),
  flag('stdout', 'Whether the output of the program is sent.'),
  flag('tty', 'Whether the program has a terminal.'),
];

const proxyParameters: readonly Parameter[] = [text('path', 'The path that is asked for.')];

/** Query parameters of subresources that are no plain reads or connections, by the kind that they answer with. */
export const partParameters: Readonly<Record<string, readonly Parameter[]>> = {
  PodAttachOptions: streamParameters,
  PodExecOptions: [
    text('command', 'The program and its arguments, each by itself; no shell is used.'),
    ...streamParameters,
  ],
  PodPortForwardOptions: [number('ports', 'The ports that are forwarded.')],
  PodProxyOptions: proxyParameters,
  NodeProxyOptions: proxyParameters,
  ServiceProxyOptions: proxyParameters,
};

/** What `pods/log` takes. */
export const logParameters: readonly Parameter[] = [
  container,
  flag('follow', 'Whether what is written later is sent too.'),
  flag('insecureSkipTLSVerifyBackend', 'Whether the certificate of who answers for the node is not checked.'),
  number('limitBytes', 'How many bytes are sent at most.'),
  flag('previous', 'The output of the container before this one.'),
  number('sinceSeconds', 'Only what was written in the last seconds.'),
  text('stream', 'All, Stdout or Stderr.'),
  number('tailLines', 'Only so many lines from the end.'),
  flag('timestamps', 'Whether each line begins with when it was written.'),
];

/** Query parameters by what an operation does. */
export const queryParameters = {
  read: [],
  list: listParameters,
  watch: listParameters,
  watchlist: listParameters,
  create: writeParameters,
  replace: writeParameters,
  patch: [...writeParameters, flag('force', 'Apply: take over fields that others own.')],
  delete: deleteParameters,
  deleteCollection: [
    ...listParameters.filter(({ name }) => name !== 'watch' && name !== 'allowWatchBookmarks'),
    ...deleteParameters,
  ],
} as const satisfies Record<string, readonly Parameter[]>;

export type Action = keyof typeof queryParameters;

const byName = (a: Json, b: Json) => (String(a.name) < String(b.name) ? -1 : 1);

function write(version: OpenApiVersion, place: 'query' | 'path', parameter: Parameter): Json {
  const { name, type, description } = parameter;
  const head = { name, in: place, description, ...(place === 'path' ? { required: true } : {}) };
  return version === 2 ? { ...head, type, uniqueItems: true } : { ...head, schema: { type, uniqueItems: true } };
}

export function queryOf(version: OpenApiVersion, parameters: readonly Parameter[]): Json[] {
  return parameters.map((parameter) => write(version, 'query', parameter)).sort(byName);
}

const pathTexts: Readonly<Record<string, string>> = {
  namespace: 'namespace of the object',
  path: 'what follows in the path',
};

/** The parameters that stand in a path, and `pretty`, which all but connections take. */
export function pathParameters(
  version: OpenApiVersion,
  path: string,
  { kind, isConnection }: { kind: string; isConnection: boolean },
): Json[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inPath = names.map((name) => write(version, 'path', text(name, pathTexts[name] ?? `name of the ${kind}`)));
  const pretty = write(version, 'query', text('pretty', 'Whether the answer is indented.'));
  return isConnection ? inPath : [...inPath, pretty];
}

/**
 * Parameters that all operations of a path take stand beside the operations, as generators of clients expect them; bodies
 * stay where they are.
 */
export function pathItem(operations: Json, ofPath: readonly Json[]): Json {
  const lists = Object.values(operations).map((one) => ((one as Json).parameters ?? []) as Json[]);
  const [first = [], ...others] = lists;
  const text = (one: Json) => JSON.stringify(one);
  const taken = others.map((list) => new Set(list.map(text)));
  const common = first.filter((one) => one.in !== 'body' && taken.every((list) => list.has(text(one))));
  const shared = new Set(common.map(text));
  const rest = Object.entries(operations).map(([method, one]) => {
    const { parameters = [], ...operation } = one as Json & { parameters?: Json[] };
    const own = parameters.filter((parameter) => !shared.has(text(parameter)));
    // Readers of documents tell an empty list from none, and writers leave it out.
    return [method, own.length > 0 ? { ...operation, parameters: own } : operation];
  });
  const beside = [...ofPath, ...common].sort(byName);
  return { ...Object.fromEntries(rest), ...(beside.length > 0 ? { parameters: beside } : {}) };
}
