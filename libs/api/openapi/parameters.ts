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

/** Query parameters by what an operation does. */
export const queryParameters = {
  read: [],
  list: listParameters,
  create: writeParameters,
  replace: writeParameters,
  patch: [...writeParameters, flag('force', 'Apply: take over fields that others own.')],
  delete: deleteParameters,
  deleteCollection: [...listParameters.filter(({ name }) => !/watch|Bookmarks/i.test(name)), ...deleteParameters],
} as const satisfies Record<string, readonly Parameter[]>;

export type Action = keyof typeof queryParameters;

function write(version: OpenApiVersion, place: 'query' | 'path', parameter: Parameter): Json {
  const { name, type, description } = parameter;
  const head = { name, in: place, description, ...(place === 'path' ? { required: true } : {}) };
  return version === 2
    ? { ...head, type, ...(place === 'query' ? { uniqueItems: true } : {}) }
    : { ...head, schema: { type, uniqueItems: true } };
}

export function queryOf(version: OpenApiVersion, action: Action): Json[] {
  return queryParameters[action].map((parameter) => write(version, 'query', parameter));
}

/** The parameters that stand in a path, and `pretty`, which every path takes. */
export function pathParameters(version: OpenApiVersion, path: string, kind: string): Json[] {
  const texts: Readonly<Record<string, string>> = { name: `name of the ${kind}`, namespace: 'namespace of the object' };
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return [
    ...names.sort().map((name) => write(version, 'path', text(name, texts[name] ?? name))),
    write(version, 'query', text('pretty', 'Whether the answer is indented.')),
  ];
}
