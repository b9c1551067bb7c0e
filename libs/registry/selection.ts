import type { ResourceDefinition } from '../api/definition.ts';
import { type FieldRequirement, parseFieldSelector } from '../api/selectors/field-selector.ts';
import { parseLabelSelector } from '../api/selectors/label-selector.ts';
import { matchesLabels } from '../api/selectors/requirement.ts';
import type { Document } from '../cache/document.ts';
import type { Filter } from '../cache/event.ts';
import { badRequest } from './errors.ts';
import type { View } from './view.ts';

export interface SelectionRequest {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What is selected from: a resource and, where its objects are stored, how they are shown. */
export interface Selected {
  readonly definition: ResourceDefinition;
  readonly view?: View;
}

type Test = (document: Document) => boolean;

/** The part of the collection that a request selects. @throws StatusError BadRequest for a malformed selector. */
export function filterOf({ definition, view }: Selected, request: SelectionRequest): Filter {
  const filter: Filter = { namespace: definition.namespaced ? request.namespace : undefined };
  const tests: Test[] = [];
  for (const { field, operator, value } of parseFieldSelector(request.fieldSelector ?? '')) {
    if (field === 'metadata.name' && operator === '=' && filter.name === undefined) filter.name = value;
    else if (field === 'metadata.namespace' && operator === '=' && filter.namespace === undefined) {
      filter.namespace = value;
    } else tests.push(fieldTest(definition, { field, operator, value }));
  }
  if (request.labelSelector) tests.push(labelTest(request.labelSelector));
  if (tests.length > 0) {
    filter.matches = (document) => {
      const shown = view ? view.shown(document) : document;
      return tests.every((test) => test(shown));
    };
    filter.selectors = JSON.stringify([idOf(definition), request.labelSelector, request.fieldSelector]);
  }
  return filter;
}

const ids = new WeakMap<ResourceDefinition, number>();
let lastId = 0;

/** Two definitions may read the same selector differently, even those of one kind before and after a change of it. */
function idOf(definition: ResourceDefinition): number {
  let id = ids.get(definition);
  if (id === undefined) {
    id = ++lastId;
    ids.set(definition, id);
  }
  return id;
}

function fieldTest(definition: ResourceDefinition, { field, operator, value }: FieldRequirement): Test {
  const read = fieldReader(definition, field);
  return (document) => (read(document) === value) === (operator === '=');
}

function fieldReader(definition: ResourceDefinition, field: string): (document: Document) => string {
  if (field === 'metadata.name') return (document) => document.peek().metadata?.name ?? '';
  if (field === 'metadata.namespace') return (document) => document.peek().metadata?.namespace ?? '';
  const read = definition.selectableFields?.[field];
  if (!read) throw badRequest(`field label not supported: ${field}`);
  if (!definition.sparseFields?.includes(field)) return (document) => read(document.peek());
  const member = field.slice(field.lastIndexOf('.') + 1);
  return (document) => (document.mayHave(member) ? read(document.peek()) : '');
}

function labelTest(text: string): Test {
  const selector = parseLabelSelector(text);
  return (document) => matchesLabels(selector, document.labels);
}
