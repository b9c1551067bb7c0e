import type { Http2ServerRequest } from 'node:http2';
import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendError } from './answers.ts';
import { Dispatcher } from './dispatcher.ts';
import { readBody } from './read-body.ts';

/** Hands every request to the dispatcher. The reply is hijacked: the dispatcher writes bytes, not objects. */
@Controller()
export class ApiController {
  constructor(@Inject(Dispatcher) private readonly dispatcher: Dispatcher) {}

  @All('*')
  async handle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    let body: Buffer | undefined;
    try {
      body = hasBody(request) ? await readBody(request.raw) : undefined;
    } catch (error) {
      sendError(reply.raw, error);
      return;
    }
    await this.dispatcher.handle(request.raw, reply.raw, body);
  }
}

/** RFC 9112, section 6: a request has a body when one of these headers says so. HTTP/2 ends streams without one. */
function hasBody({ headers, raw }: FastifyRequest): boolean {
  if (raw.httpVersionMajor === 2) return !(raw as unknown as Http2ServerRequest).stream.endAfterHeaders;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
