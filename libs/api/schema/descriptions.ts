import { schema } from './schema.ts';

/** What OpenAPI says about a type and its fields. */
export interface TypeDescription {
  readonly text: string;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Loads the descriptions, which are large and only OpenAPI needs.
 * @returns a function from a type's name to its description.
 */
export async function loadDescriptions(): Promise<(typeName: string) => TypeDescription> {
  const { descriptions, texts } = await import('../gen/descriptions.ts');
  return (typeName) => {
    const [own = 0, ...places] = descriptions[typeName] ?? [];
    const names = [...schema.type(typeName).fields.keys()];
    return {
      text: texts[own] ?? '',
      fields: new Map(names.map((name, index) => [name, texts[places[index] ?? 0] ?? ''])),
    };
  };
}
