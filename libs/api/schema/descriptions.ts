import { schema } from './schema.ts';

/** What OpenAPI says about a type and its fields. */
export interface TypeDescription {
  readonly text: string;
  readonly fields: ReadonlyMap<string, string>;
  /** For each field the words that it takes, separated by commas; none where it takes any. */
  readonly offered: Readonly<Record<string, string>>;
  /** For each field what it is when nothing is said, as text, where that is not the zero value. */
  readonly initial: Readonly<Record<string, string>>;
}

const nothing = {};

/**
 * Loads the descriptions, which are large and only OpenAPI needs.
 * @returns a function from a type's name to its description.
 */
export async function loadDescriptions(): Promise<(typeName: string) => TypeDescription> {
  const { descriptions, texts } = await import('../gen/descriptions.ts');
  const { offeredValues, initialValues } = await import('../gen/field-values.ts');
  return (typeName) => {
    const [own = 0, ...places] = descriptions[typeName] ?? [];
    const names = [...schema.type(typeName).fields.keys()];
    return {
      text: texts[own] ?? '',
      fields: new Map(names.map((name, index) => [name, texts[places[index] ?? 0] ?? ''])),
      offered: offeredValues[typeName] ?? nothing,
      initial: initialValues[typeName] ?? nothing,
    };
  };
}
