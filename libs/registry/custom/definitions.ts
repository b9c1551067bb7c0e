import type { FieldError, ResourceDefinition } from '../../api/definition.ts';
import type { V1CustomResourceDefinition, V1JSONSchemaProps } from '../../api/gen/types.ts';
import { childSchemas } from '../../api/kinds/customresource/combinations.ts';
import { customresourcedefinitions } from '../../api/kinds/customresourcedefinition.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { Report } from '../../api/validation/report.ts';
import { isKnownFormat } from './formats.ts';
import { checkDefaults, checkRules } from './rule-checks.ts';

/** CustomResourceDefinitions with the checks that need their schemas to be run: rules compile, defaults hold. */
export const checkedDefinitions: ResourceDefinition<V1CustomResourceDefinition> = {
  ...customresourcedefinitions,
  validate: (definition) => withSchemas(customresourcedefinitions.validate?.(definition) ?? [], definition),
  validateUpdate: (definition, previous) =>
    withSchemas(customresourcedefinitions.validateUpdate?.(definition, previous) ?? [], definition, previous),
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

/** What is wrong with a definition, and with what its schemas say when they are run. */
function withSchemas(
  found: readonly FieldError[],
  definition: V1CustomResourceDefinition,
  previous?: V1CustomResourceDefinition,
): FieldError[] {
  const schemas = schemasOf(definition);
  const [first] = schemas;
  const shared = schemas.every((schema) => sameValue(schema, first));
  const before = previous ? schemasOf(previous) : [];
  const all = [...found];
  (shared ? schemas.slice(0, 1) : schemas).forEach((schema, i) => {
    if (!schema || before.some((old) => sameValue(old, schema))) return;
    const report = new Report();
    const steps = [...(shared ? ['spec', 'validation'] : ['spec', 'versions', i, 'schema']), 'openAPIV3Schema'];
    for (const step of steps) report.enter(step);
    const place = report.path();
    const broken = found.filter(({ field }) => field.startsWith(place));
    // Rules are looked at once the schema around them is sound; defaults are, before anything is said of unknown types.
    if (broken.length === 0) checkRules(schema, report);
    else if (broken.every(isUnknownType)) checkDefaults(schema, report, true);
    all.splice(broken.length === 0 ? all.length : all.indexOf(broken[0]!), 0, ...report.errors);
  });
  return all;
}

function isUnknownType({ field, reason }: FieldError): boolean {
  return reason === 'FieldValueNotSupported' && field.endsWith('.type');
}
