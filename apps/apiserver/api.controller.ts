import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Dispatcher } from './dispatcher.ts';
import { serveRequest } from './serve-request.ts';

/** Hands every request to the dispatcher. The reply is hijacked: the dispatcher writes bytes, not objects. */
@Controller()
export class ApiController {
  constructor(@Inject(Dispatcher) private readonly dispatcher: Dispatcher) {}

  @All('*')
  async handle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    await serveRequest(this.dispatcher, request.raw, reply.raw);
  }
}
