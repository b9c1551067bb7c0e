import type { V1JSONSchemaProps, V1ValidationRule } from '../../gen/types.ts';
import { keyed, type Report, type Step } from '../../validation/report.ts';
import { isEmpty } from '../../validation/rule.ts';
import { childSchemas, combinations, completeness, refusals, schemaOf } from './combinations.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const RULE_REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const ROOT_FIELDS_WITH_STATUS = [
  ...['$schema', 'description', 'example', 'exclusiveMaximum', 'exclusiveMinimum', 'externalDocs', 'format', 'items'],
  ...['maximum', 'maxItems', 'maxLength', 'minimum', 'minItems', 'minLength', 'multipleOf', 'pattern', 'properties'],
  ...['required', 'title', 'type', 'uniqueItems', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-validations'],
];

type Level = 'root' | 'item' | 'field';

function under(at: Report, steps: readonly Step[], visit: () => void): void {
  for (const step of steps) at.enter(step);
  visit();
  for (const _ of steps) at.leave();
}

/** Calls back for every part of a schema that describes a part of the value. */
function parts(schema: V1JSONSchemaProps, at: Report, visit: (part: V1JSONSchemaProps, level: Level) => void): void {
  const items = schemaOf(schema.items);
  if (items) under(at, ['items'], () => visit(items, 'item'));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    under(at, ['properties', keyed(name)], () => visit(property, 'field'));
  }
  const additional = schemaOf(schema.additionalProperties);
  if (additional) under(at, ['additionalProperties'], () => visit(additional, 'field'));
}

function isOpen(schema: V1JSONSchemaProps): boolean {
  return !!schema['x-kubernetes-int-or-string'] || !!schema['x-kubernetes-preserve-unknown-fields'];
}

/** What makes a schema structural: every part has a type of its own, outside of logical combinations. */
export function structural(schema: V1JSONSchemaProps, at: Report, level: Level = 'root'): void {
  if (schema.type === 'array' && !schemaOf(schema.items)) at.required('', 'items');
  if (schema.additionalProperties !== undefined && level === 'root')
    at.forbidden('not at the root', 'additionalProperties');
  parts(schema, at, (part, below) => structural(part, at, below));
  combinations(schema, at);
  embeddedResource(schema, at);
  if (!schema.type && !isOpen(schema) && !schema['x-kubernetes-embedded-resource']) at.required('', 'type');
  if (level === 'root' && schema.type && schema.type !== 'object') at.invalid('must be object at the root', 'type');
  if (level !== 'root' && !schema['x-kubernetes-embedded-resource']) return;
  for (const name of ['apiVersion', 'kind']) {
    const property = schema.properties?.[name];
    if (property && property.type !== 'string') at.invalid('must be string', 'properties', keyed(name), 'type');
  }
  const meta = schema.properties?.metadata;
  if (meta && meta.type !== 'object') at.invalid('must be object', 'properties', keyed('metadata'), 'type');
  if (meta && level === 'root' && restrictsMore(meta)) {
    at.forbidden('may only restrict name and generateName', 'properties', keyed('metadata'));
  }
}

/** Metadata are the same for all kinds, but for what names look like. */
function restrictsMore({ type: _, default: __, properties = {}, ...others }: V1JSONSchemaProps): boolean {
  const named = Object.keys(properties).every((name) => name === 'name' || name === 'generateName');
  return !named || Object.values(others).some((value) => !isEmpty(value));
}

function embeddedResource(schema: V1JSONSchemaProps, at: Report): void {
  if (!schema['x-kubernetes-embedded-resource']) return;
  if (!schema.type) at.required('', 'type');
  else if (schema.type !== 'object') at.invalid('must be object', 'type');
  if (schema.additionalProperties !== undefined) at.forbidden('not in embedded resources', 'additionalProperties');
  if (!schema['x-kubernetes-preserve-unknown-fields'] && isEmpty(schema.properties)) at.required('', 'properties');
}

function ruleOf(rule: V1ValidationRule, at: Report) {
  const broken = (text: string | undefined) => !!text && /[\n\r]/.test(text.trim());
  if (!rule.rule?.trim()) at.required('', 'rule');
  else if (rule.message && !rule.message.trim()) at.invalid('must not be blank', 'message');
  else if (broken(rule.message)) at.invalid('must not have line breaks', 'message');
  else if (broken(rule.rule) && !rule.message?.trim()) at.required('needed by rules with line breaks', 'message');
  if (rule.messageExpression && !rule.messageExpression.trim()) at.required('', 'messageExpression');
  if (rule.reason !== undefined && !RULE_REASONS.includes(rule.reason)) at.notSupported(RULE_REASONS, 'reason');
  if (rule.fieldPath && !rule.fieldPath.trim()) at.invalid('must not be blank', 'fieldPath');
  else if (rule.fieldPath && /[\n\r]/.test(rule.fieldPath)) at.invalid('must not have line breaks', 'fieldPath');
}

function listType(schema: V1JSONSchemaProps, at: Report) {
  const kind = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (kind !== undefined && schema.type !== 'array') {
    if (!schema.type) at.required('must be array', 'type');
    else at.invalid('must be array', 'type');
  }
  if (kind !== undefined && !['atomic', 'set', 'map'].includes(kind))
    at.notSupported(['atomic', 'map', 'set'], 'x-kubernetes-list-type');
  if (keys.length > 0 && kind === undefined) at.required('must be map', 'x-kubernetes-list-type');
  else if (keys.length > 0 && kind !== 'map') at.invalid('must be map', 'x-kubernetes-list-type');
  if (kind === 'set') return setItems(schemaOf(schema.items), at);
  if (kind !== 'map') return;
  if (keys.length === 0) at.required('', 'x-kubernetes-list-map-keys');
  const items = schemaOf(schema.items);
  if (!items) return at.required('', 'items');
  if (items.type !== 'object') return at.invalid('must be object', 'items', 'type');
  keys.forEach((key, i) => {
    const property = items.properties?.[key];
    if (!property) at.invalid('is no property of the items', 'x-kubernetes-list-map-keys');
    else if (property.type === 'array' || property.type === 'object') {
      at.invalid('must be a scalar', 'items', 'properties', keyed(key), 'type');
    } else if (property.default === undefined && !items.required?.includes(key)) {
      at.required('or the key must be required', 'items', 'properties', keyed(key), 'default');
    }
    if (keys.indexOf(key) < i) at.invalid('stands here twice', 'x-kubernetes-list-map-keys');
  });
}

/** Items of sets are compared as a whole. */
function setItems(items: V1JSONSchemaProps | undefined, at: Report): void {
  if (items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    at.invalid('must be atomic as item of a set', 'items', 'x-kubernetes-map-type');
  }
  if (items?.type === 'array' && (items['x-kubernetes-list-type'] ?? 'atomic') !== 'atomic') {
    at.invalid('must be atomic as item of a set', 'items', 'x-kubernetes-list-type');
  }
}

function mapType(schema: V1JSONSchemaProps, at: Report): void {
  const kind = schema['x-kubernetes-map-type'];
  if (kind === undefined) return;
  if (!schema.type) at.required('must be object', 'type');
  else if (schema.type !== 'object') at.invalid('must be object', 'type');
  if (kind !== 'atomic' && kind !== 'granular') at.notSupported(['atomic', 'granular'], 'x-kubernetes-map-type');
}

/** What a schema of OpenAPI must not say in a custom resource definition. */
export function openApi(schema: V1JSONSchemaProps, at: Report): void {
  if (schema.type && !TYPES.includes(schema.type)) at.notSupported(TYPES, 'type');
  if (schema.uniqueItems) at.forbidden('would cost too much', 'uniqueItems');
  if (!isEmpty(schema.properties) && schema.additionalProperties !== undefined) {
    at.forbidden('properties and additionalProperties exclude each other', 'additionalProperties');
  }
  parts(schema, at, (part) => openApi(part, at));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    at.invalid('must be true or absent', 'x-kubernetes-preserve-unknown-fields');
  }
  mapType(schema, at);
  listType(schema, at);
  schema['x-kubernetes-validations']?.forEach((rule, i) => {
    at.enter('x-kubernetes-validations');
    at.enter(i);
    ruleOf(rule, at);
    at.leave();
    at.leave();
  });
}

/** The schema of one version, or of all that have the same. Stands at what holds `openAPIV3Schema`. */
export function versionSchema(schema: V1JSONSchemaProps | undefined, hasStatus: boolean, at: Report): void {
  if (!schema) return;
  if (hasStatus && schema.type && schema.type !== 'object') at.invalid('must be object', 'openAPIV3Schema.type');
  const odd = Object.keys(schema).find((name) => !ROOT_FIELDS_WITH_STATUS.includes(name));
  if (hasStatus && odd) at.invalid(`${odd} is not for the root beside a status`, 'openAPIV3Schema');
  if (schema.nullable) at.forbidden('not at the root', 'openAPIV3Schema.nullable');
  at.enter('openAPIV3Schema');
  const before = at.count;
  refusals(schema, at);
  if (at.count === before) {
    structural(schema, at);
    incomplete(schema, at);
    if (at.count === before || hasUnknownType(schema)) openApi(schema, at);
  }
  at.leave();
}

function incomplete(schema: V1JSONSchemaProps, at: Report): void {
  completeness(schema, at);
  parts(schema, at, (part) => incomplete(part, at));
}

function hasUnknownType(schema: V1JSONSchemaProps): boolean {
  return (!!schema.type && !TYPES.includes(schema.type)) || childSchemas(schema).some(hasUnknownType);
}
