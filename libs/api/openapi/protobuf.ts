import type { Json } from './json.ts';

/**
 * The protobuf form of an OpenAPI v2 document, as the messages of gnostic's openapi.v2 define it. Values that may be
 * anything (vendor extensions, defaults) travel as YAML text, for which JSON will do.
 */

const bytesWire = 2;
const varintWire = 0;

/** Collects the bytes of one message. */
class MessageWriter {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  text(number: number, value: unknown): this {
    if (typeof value === 'string' && value !== '') this.bytes(number, Buffer.from(value));
    return this;
  }

  texts(number: number, values: unknown): this {
    if (Array.isArray(values)) for (const value of values) this.bytes(number, Buffer.from(String(value)));
    return this;
  }

  flag(number: number, value: unknown): this {
    if (value === true) this.push(Buffer.from([...varint(number * 8 + varintWire), 1]));
    return this;
  }

  message(number: number, message: MessageWriter | undefined): this {
    if (message) this.bytes(number, message.finish());
    return this;
  }

  finish(): Uint8Array {
    return Buffer.concat(this.parts, this.size);
  }

  private bytes(number: number, value: Uint8Array): void {
    this.push(Buffer.from([...varint(number * 8 + bytesWire), ...varint(value.length)]));
    this.push(value);
  }

  private push(part: Uint8Array): void {
    this.parts.push(part);
    this.size += part.length;
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

const message = () => new MessageWriter();
const members = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

const anything = (value: unknown) => message().text(2, `${JSON.stringify(value)}\n`);

function putExtensions(writer: MessageWriter, number: number, of: Json): MessageWriter {
  for (const [name, value] of Object.entries(of)) {
    if (name.startsWith('x-')) writer.message(number, message().text(1, name).message(2, anything(value)));
  }
  return writer;
}

/** A list of named messages: how maps travel. */
function named(number: number, of: unknown, write: (value: Json) => MessageWriter): MessageWriter {
  const writer = message();
  for (const [name, value] of Object.entries(members(of))) {
    writer.message(
      number,
      message()
        .text(1, name)
        .message(2, write(members(value))),
    );
  }
  return writer;
}

function schemaMessage(schema: Json): MessageWriter {
  const writer = message().text(1, schema.$ref).text(2, schema.format).text(4, schema.description);
  if (schema.default !== undefined) writer.message(5, anything(schema.default));
  writer.texts(19, schema.required);
  if (Array.isArray(schema.enum)) for (const word of schema.enum) writer.message(20, anything(word));
  if (schema.additionalProperties !== undefined) {
    writer.message(21, message().message(1, schemaMessage(members(schema.additionalProperties))));
  }
  if (schema.type !== undefined) writer.message(22, message().texts(1, [schema.type]));
  if (schema.items !== undefined) writer.message(23, message().message(1, schemaMessage(members(schema.items))));
  if (schema.properties !== undefined) writer.message(25, named(1, schema.properties, schemaMessage));
  return putExtensions(writer, 31, schema);
}

/** A parameter itself: a ParametersItem is this or a reference to one. */
function parameterMessage(parameter: Json): MessageWriter {
  const { name, in: place, description, required, type, schema } = parameter;
  if (place === 'body') {
    const body = message().text(1, description).text(2, name).text(3, place).flag(4, required);
    return message().message(1, body.message(5, schemaMessage(members(schema))));
  }
  const head = message().flag(1, required).text(2, place).text(3, description).text(4, name);
  const isPath = place === 'path';
  const written = isPath
    ? head.text(5, type).flag(19, parameter.uniqueItems)
    : head.text(6, type).flag(20, parameter.uniqueItems);
  return message().message(2, message().message(isPath ? 4 : 3, written));
}

function putParameters(writer: MessageWriter, number: number, parameters: unknown): void {
  if (!Array.isArray(parameters)) return;
  for (const one of parameters) {
    const { $ref: reference } = members(one);
    const item = reference
      ? message().message(2, message().text(1, reference))
      : message().message(1, parameterMessage(members(one)));
    writer.message(number, item);
  }
}

function responseMessage(response: Json): MessageWriter {
  const writer = message().text(1, response.description);
  if (response.schema) writer.message(2, message().message(1, schemaMessage(members(response.schema))));
  return message().message(1, writer);
}

function operationMessage(operation: Json): MessageWriter {
  const writer = message()
    .texts(1, operation.tags)
    .text(3, operation.description)
    .text(5, operation.operationId)
    .texts(6, operation.produces)
    .texts(7, operation.consumes);
  putParameters(writer, 8, operation.parameters);
  writer.message(9, named(1, operation.responses, responseMessage)).texts(10, operation.schemes);
  return putExtensions(writer, 13, operation);
}

const methodNumbers: ReadonlyArray<readonly [string, number]> = [
  ['get', 2],
  ['put', 3],
  ['post', 4],
  ['delete', 5],
  ['options', 6],
  ['head', 7],
  ['patch', 8],
];

function pathMessage(item: Json): MessageWriter {
  const writer = message();
  for (const [method, number] of methodNumbers) {
    if (item[method]) writer.message(number, operationMessage(members(item[method])));
  }
  putParameters(writer, 9, item.parameters);
  return writer;
}

/** The bytes of an openapi.v2.Document. */
export function encodeOpenApiV2(document: Json): Uint8Array {
  const { title, version } = members(document.info);
  return message()
    .text(1, document.swagger)
    .message(2, message().text(1, title).text(2, version))
    .message(8, named(2, document.paths, pathMessage))
    .message(9, named(1, document.definitions, schemaMessage))
    .message(10, named(1, document.parameters, parameterMessage))
    .finish();
}
