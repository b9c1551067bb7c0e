import type { ResourceDefinition } from '../api/definition.ts';
import type { Document } from '../cache/document.ts';
import type { Filter } from '../cache/event.ts';
import { badRequest } from './errors.ts';

export interface SelectionRequest {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

type Test = (document: Document) => boolean;

/** The part of the collection that a request selects. @throws StatusError BadRequest for a malformed selector. */
export function filterOf(definition: ResourceDefinition, request: SelectionRequest): Filter {
  const filter: Filter = { namespace: definition.namespaced ? request.namespace : undefined };
  const tests: Test[] = [];
  for (const requirement of fieldRequirements(request.fieldSelector)) {
    if (requirement.field === 'metadata.name' && requirement.equal) filter.name = requirement.value;
    else if (requirement.field === 'metadata.namespace' && requirement.equal && filter.namespace === undefined) {
      filter.namespace = requirement.value;
    } else tests.push(fieldTest(definition, requirement));
  }
  if (request.labelSelector) tests.push(labelTest(request.labelSelector));
  if (tests.length === 1) filter.matches = tests[0];
  else if (tests.length > 1) filter.matches = (document) => tests.every((test) => test(document));
  return filter;
}

interface FieldRequirement {
  field: string;
  equal: boolean;
  value: string;
}

function fieldRequirements(text: string | undefined): FieldRequirement[] {
  if (!text) return [];
  return text.split(',').map((term) => {
    const match = /^([^=!]+)(==|!=|=)(.*)$/.exec(term);
    if (!match) throw badRequest(`invalid field selector: "${term}"`);
    return { field: match[1]!.trim(), equal: match[2] !== '!=', value: match[3]!.trim() };
  });
}

function fieldTest(definition: ResourceDefinition, { field, equal, value }: FieldRequirement): Test {
  const read = fieldReader(definition, field);
  return (document) => (read(document) === value) === equal;
}

function fieldReader(definition: ResourceDefinition, field: string): (document: Document) => string {
  if (field === 'metadata.name') return (document) => document.object.metadata?.name ?? '';
  if (field === 'metadata.namespace') return (document) => document.object.metadata?.namespace ?? '';
  const read = definition.selectableFields?.[field];
  if (!read) throw badRequest(`field label not supported: ${field}`);
  return (document) => read(document.object);
}

function labelTest(text: string): Test {
  const requirements = labelRequirements(text);
  return (document) => {
    const labels = document.object.metadata?.labels ?? {};
    return requirements.every((requirement) => requirement(labels));
  };
}

type LabelRequirement = (labels: Readonly<Record<string, string>>) => boolean;

const term =
  /\s*(?:(!)\s*([\w./-]+)|([\w./-]+)\s*(?:(==|=|!=|>|<)\s*([\w.-]*)|\s(in|notin)\s*\(([^()]*)\))?)\s*(?:,|$)/y;

function labelRequirements(text: string): LabelRequirement[] {
  const found: LabelRequirement[] = [];
  term.lastIndex = 0;
  while (term.lastIndex < text.length) {
    const match = term.exec(text);
    if (!match) throw badRequest(`unable to parse requirement: ${text}`);
    found.push(labelRequirement(match));
  }
  return found;
}

function labelRequirement(match: RegExpExecArray): LabelRequirement {
  const [, not, absent, key = '', operator, value = '', set, list = ''] = match;
  if (not) return (labels) => labels[absent!] === undefined;
  if (set) {
    const values = new Set(list.split(',').map((one) => one.trim()));
    if (set === 'in') return (labels) => labels[key] !== undefined && values.has(labels[key]);
    return (labels) => labels[key] === undefined || !values.has(labels[key]);
  }
  if (operator === undefined) return (labels) => labels[key] !== undefined;
  if (operator === '!=') return (labels) => labels[key] !== value;
  if (operator === '>') return (labels) => Number(labels[key]) > Number(value);
  if (operator === '<') return (labels) => Number(labels[key]) < Number(value);
  return (labels) => labels[key] === value;
}
