import type { FieldError, ResourceDefinition } from '../../api/definition.ts';
import type { V1CustomResourceDefinition, V1JSONSchemaProps } from '../../api/gen/types.ts';
import { childSchemas } from '../../api/kinds/customresource/combinations.ts';
import { customresourcedefinitions } from '../../api/kinds/customresourcedefinition.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { Report } from '../../api/validation/report.ts';
import { isKnownFormat } from './formats.ts';
import { checkRules } from './rule-checks.ts';

/** CustomResourceDefinitions with the checks that need their schemas to be run: rules compile, defaults hold. */
export const checkedDefinitions: ResourceDefinition<V1CustomResourceDefinition> = {
  ...customresourcedefinitions,
  validate: (definition) => [...(customresourcedefinitions.validate?.(definition) ?? []), ...rulesProblems(definition)],
  validateUpdate: (definition, previous) => [
    ...(customresourcedefinitions.validateUpdate?.(definition, previous) ?? []),
    ...rulesProblems(definition, previous),
  ],
  warnings: (definition) =>
    (definition.spec?.versions ?? []).flatMap(({ schema }, i) => {
      const unknown = schema?.openAPIV3Schema ? unknownFormats(schema.openAPIV3Schema) : [];
      return [...new Set(unknown)].map((format) => `spec.versions[${i}].schema: unrecognized format "${format}"`);
    }),
};

/** Formats that nobody knows constrain nothing, which whoever wrote them may not expect. */
function unknownFormats(part: V1JSONSchemaProps): string[] {
  const own = part.format && !isKnownFormat(part.format) ? [part.format] : [];
  return [...own, ...childSchemas(part).flatMap(unknownFormats)];
}

function schemasOf(definition: V1CustomResourceDefinition): Array<V1JSONSchemaProps | undefined> {
  return (definition.spec?.versions ?? []).map((version) => version.schema?.openAPIV3Schema);
}

/** Rules are looked at once the schema around them is sound, and only where it is new. */
function rulesProblems(definition: V1CustomResourceDefinition, previous?: V1CustomResourceDefinition): FieldError[] {
  const schemas = schemasOf(definition);
  const [first] = schemas;
  const shared = schemas.every((schema) => sameValue(schema, first));
  const before = previous ? schemasOf(previous) : [];
  const report = new Report();
  (shared ? schemas.slice(0, 1) : schemas).forEach((schema, i) => {
    if (!schema || before.some((old) => sameValue(old, schema)) || isBroken(definition, i, shared)) return;
    const steps = shared ? ['spec', 'validation'] : ['spec', 'versions', i, 'schema'];
    for (const step of [...steps, 'openAPIV3Schema']) report.enter(step);
    checkRules(schema, report);
    for (const _ of [...steps, 'openAPIV3Schema']) report.leave();
  });
  return report.errors;
}

function isBroken(definition: V1CustomResourceDefinition, index: number, shared: boolean): boolean {
  const place = shared ? 'spec.validation' : `spec.versions[${index}].schema`;
  const found = customresourcedefinitions.validate?.(definition) ?? [];
  return found.some(({ field }) => field.startsWith(place));
}
