import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { subresourceOf } from '../../libs/api/subresources.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Random } from '../../libs/base/random.ts';
import type { StatusError } from '../../libs/base/status.ts';
import type { Document } from '../../libs/cache/document.ts';
import { badRequest, invalid, methodNotAllowed, noSuchResource, notFound } from '../../libs/registry/errors.ts';
import { expectedOf, expectedScale } from '../../libs/registry/expected-type.ts';
import type { ListAnswer } from '../../libs/registry/requests.ts';
import { sendDocument, sendObject } from './answers.ts';
import { readObject, readPatch, readPlain } from './bodies.ts';
import type { DryRunAdvice } from './dry-runs.ts';
import { FlushQueue } from './flush-queue.ts';
import type { InflightLimit } from './inflight.ts';
import { listPieces, metadataPieces, tablePieces } from './list-pieces.ts';
import { sendPieces } from './long-answers.ts';
import { type Negotiated, negotiate, notAcceptable } from './negotiation.ts';
import { deleteRequest, forced, integer, listRequest, watchRequest, writeRequest } from './parameters.ts';
import { answersInProtobuf, protobufPieces } from './protobuf-answers.ts';
import type { ResourceCall, ResourceQuestion, WatchCall } from './resource-call.ts';
import { includeObject, metadataList, metadataOnly, type TableOptions, tableOf } from './table.ts';
import { HttpWatchOutput } from './watch-output.ts';
import { WatchStream } from './watch-stream.ts';

export interface HandlerParts {
  readonly inflight: InflightLimit;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  createSubresource(call: ResourceCall): Promise<object | undefined>;
  readonly dryRuns: DryRunAdvice;
}

/** Verbs that are answered with lists. */
const listing = new Set(['list', 'deletecollection']);
const watchTimeoutMsMin = 30 * 60_000;

/** Kinds such as reviews: they are answered and have no objects to name. */
function isOnlyCreated({ verbs }: ResourceDefinition): boolean {
  return verbs?.length === 1 && verbs[0] === 'create';
}

/** Whoever applies must say who they are: ownership is all that apply is about. */
function managerMissing(): StatusError {
  const message = 'a value is required for apply';
  const cause = { field: 'fieldManager', reason: 'FieldValueRequired' as const, message };
  return invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [cause]);
}

/** Answers the verbs of the API for any resource. */
export class ResourceHandler {
  private readonly flushes: FlushQueue;

  constructor(private readonly parts: HandlerParts) {
    this.flushes = new FlushQueue(parts.clock);
  }

  /** @throws StatusError at once where the verb is none of the resource's; anything else by its promise. */
  handle(call: ResourceCall): Promise<void> {
    this.checkServed(call);
    const { deprecation } = call.served.definition;
    if (deprecation) call.warnings.push(deprecation);
    switch (call.info.verb) {
      case 'get':
        return this.get(call);
      case 'list':
        return this.list(call);
      case 'watch':
        return this.watch({ ...call, output: new HttpWatchOutput(call.response) });
      case 'create':
        return this.create(call);
      case 'update':
        return this.update(call);
      case 'patch':
        return this.patch(call);
      case 'delete':
        return this.delete(call);
      case 'deletecollection':
        return this.deleteCollection(call);
      default:
        throw methodNotAllowed();
    }
  }

  /** Answers a watch that no HTTP response carries. */
  handleWatch(call: WatchCall): Promise<void> {
    this.checkServed(call);
    return this.watch(call);
  }

  /** Verbs that the kind does not have, and names where they do not belong. */
  private checkServed({ info, at, served }: ResourceQuestion): void {
    const { definition } = served;
    const onCollection = at.name === undefined;
    const { verb } = info;
    if (info.method === 'HEAD' && !definition.customSchema) throw methodNotAllowed();
    if (!onCollection && at.subresource === undefined && isOnlyCreated(definition)) throw noSuchResource();
    if (onCollection && (verb === 'update' || verb === 'patch')) throw methodNotAllowed();
    if (!onCollection && verb === 'create' && at.subresource === undefined) throw methodNotAllowed();
    if (verb === 'create' && definition.namespaced && at.namespace === undefined) throw methodNotAllowed();
    if (verb === 'deletecollection' && definition.plural === 'namespaces' && definition.group === '') {
      throw methodNotAllowed();
    }
    if (verb === 'deletecollection' && definition.namespaced && at.namespace === undefined) throw methodNotAllowed();
    const part = at.subresource === undefined ? undefined : subresourceOf(definition, at.subresource);
    if (part && !part.verbs.includes(verb)) throw methodNotAllowed();
    if (!part && at.subresource !== undefined && definition.customSchema) throw notFound(definition, at.name ?? '');
    if (at.subresource === undefined && definition.verbs && !definition.verbs.includes(verb)) throw methodNotAllowed();
  }

  private async get(call: ResourceCall): Promise<void> {
    const { at, served, info } = call;
    const form = formOf(call);
    const document = await served.service.get(nameOf(call), {
      resourceVersion: info.query.get('resourceVersion') ?? undefined,
      subresource: at.subresource,
    });
    this.send(call, document, form);
  }

  private async list(call: ResourceCall): Promise<void> {
    const form = formOf(call);
    const answer = await call.served.service.list(listRequest(call.info.query, call.at.namespace));
    await this.sendList(call, answer, form);
  }

  private async sendList(call: ResourceCall, answer: ListAnswer, asked: Negotiated): Promise<void> {
    const { form, encoding, metaVersion } = asked;
    const { definition } = call.served;
    const options = { warnings: call.warnings, encoding };
    const { response } = call;
    if (encoding === 'protobuf') {
      if (form === 'object') await sendPieces(response, await protobufPieces(definition, answer), options);
      else if (form === 'metadata') sendObject(response, metadataList(definition, answer, metaVersion), options);
      else sendObject(response, tableOf(definition, answer, this.tableOptions(call, asked)), options);
    } else if (form === 'object') await sendPieces(response, listPieces(definition, answer), options);
    else if (form === 'metadata') await sendPieces(response, metadataPieces(definition, answer, metaVersion), options);
    else await sendPieces(response, tablePieces(definition, answer, this.tableOptions(call, asked)), options);
  }

  private tableOptions({ info }: ResourceCall, { metaVersion }: Negotiated): TableOptions {
    return { include: includeObject(info.query), nowMs: this.parts.clock.now(), metaVersion };
  }

  private async watch(call: WatchCall): Promise<void> {
    const { info, at, served, output } = call;
    const { form, encoding, metaVersion } = formOf(call);
    if (encoding === 'yaml') throw notAcceptable();
    const request = watchRequest(info.query, at.namespace);
    const stream = new WatchStream({
      output,
      definition: served.definition,
      form,
      encoding,
      metaVersion,
      include: includeObject(info.query),
      bookmarks: request.allowBookmarks ?? false,
      timeoutMs: this.watchTimeoutMs(info.query),
      clock: this.parts.clock,
      flushes: this.flushes,
      inflight: this.parts.inflight,
      signal: this.parts.stopping,
    });
    const named = at.name === undefined ? request : { ...request, fieldSelector: `metadata.name=${at.name}` };
    stream.open(await served.service.watch(named, stream));
  }

  private watchTimeoutMs(query: URLSearchParams): number {
    const seconds = integer(query, 'timeoutSeconds') ?? 0;
    if (seconds > 0) return seconds * 1000;
    return Math.floor(watchTimeoutMsMin * (1 + this.parts.random.next()));
  }

  private async create(call: ResourceCall): Promise<void> {
    const { served, at } = call;
    const form = formOf(call);
    if (at.subresource !== undefined) {
      const answer = await this.parts.createSubresource(call);
      if (!answer) throw methodNotAllowed();
      return sendObject(call.response, answer, { code: 201, warnings: call.warnings, encoding: form.encoding });
    }
    const body = readObject(call.body, expectedOf(served.definition));
    const request = writeRequest(call.asker, call.info, undefined);
    const document = await served.service.create({ namespace: at.namespace }, body, request);
    if (request.dryRun) await this.parts.dryRuns.add(call, document, true);
    this.send(call, document, form, 201);
  }

  private async update(call: ResourceCall): Promise<void> {
    const form = formOf(call);
    const expected = call.at.subresource === 'scale' ? expectedScale : expectedOf(call.served.definition);
    const body = readObject(call.body, expected);
    const request = writeRequest(call.asker, call.info, call.at.subresource);
    const { document, created } = await call.served.service.update(nameOf(call), body, request);
    if (request.dryRun) await this.parts.dryRuns.add(call, document, created);
    this.send(call, document, form, created ? 201 : 200);
  }

  private async patch(call: ResourceCall): Promise<void> {
    const form = formOf(call);
    const patch = readPatch(call.body);
    const { query } = call.info;
    const force = forced(query, patch.type);
    if (patch.type === 'apply' && !query.get('fieldManager')) throw managerMissing();
    const request = { ...writeRequest(call.asker, call.info, call.at.subresource), ...patch, force };
    const { document, created } = await call.served.service.patch(nameOf(call), request);
    if (request.dryRun) await this.parts.dryRuns.add(call, document, created);
    this.send(call, document, form, created ? 201 : 200);
  }

  private async delete(call: ResourceCall): Promise<void> {
    const form = formOf(call);
    const request = deleteRequest(call.asker, call.info.query, optionsOf(call));
    const at = nameOf(call);
    const { document, uid } = await call.served.service.delete(at, request);
    if (document) return this.send(call, document, form);
    const { group, plural } = call.served.definition;
    const details = { name: at.name, ...(group === '' ? {} : { group }), kind: plural, uid };
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
    const { encoding } = negotiate(call.accept, { protobuf: true });
    sendObject(call.response, status, { warnings: call.warnings, encoding });
  }

  private async deleteCollection(call: ResourceCall): Promise<void> {
    const form = formOf(call);
    const request = deleteRequest(call.asker, call.info.query, optionsOf(call));
    const list = listRequest(call.info.query, call.at.namespace);
    await this.sendList(call, await call.served.service.deleteCollection(list, request), form);
  }

  private send(call: ResourceCall, document: Document, asked: Negotiated, code = 200): void {
    const { form, encoding, metaVersion } = asked;
    const { definition } = call.served;
    const options = { code, warnings: call.warnings, encoding };
    if (form === 'object') sendDocument(call.response, document, options);
    else if (form === 'metadata')
      sendObject(call.response, metadataOnly(definition, document.object, metaVersion), options);
    else {
      const answer = { documents: [document], revision: document.revision };
      sendObject(call.response, tableOf(definition, answer, this.tableOptions(call, asked)), options);
    }
  }
}

/** The form in which the client wants its answer. @throws StatusError NotAcceptable. */
function formOf({ accept, served, at, info }: ResourceQuestion): Negotiated {
  const { verbs } = served.definition;
  return negotiate(accept, {
    protobuf: answersInProtobuf(served.definition, at.subresource),
    table: !verbs || verbs.includes('get'),
    items: listing.has(info.verb) ? 'many' : 'one',
  });
}

function nameOf({ at, served }: ResourceCall): { namespace?: string; name: string } {
  const name = at.name ?? '';
  if (!served.definition.namespaced) return { name };
  if (at.namespace === undefined) {
    throw noSuchResource();
  }
  return { namespace: at.namespace, name };
}

/** DeleteOptions in the body, when there are any. */
function optionsOf(call: ResourceCall): Record<string, unknown> {
  if (call.body.bytes.length === 0) return {};
  const options = readPlain(call.body);
  if (options.kind !== undefined && options.kind !== 'DeleteOptions') {
    throw badRequest(`the body of a deletion must be DeleteOptions, not ${options.kind}`);
  }
  return options;
}
