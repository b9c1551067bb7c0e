import { loopbackUser } from '../../auth/user.ts';
import type { DeleteRequest, ResourceService, WriteRequest } from '../requests.ts';

/**
 * Definitions whose writes are answered when what they ask for has been done: the kind is served, or gone, for whoever
 * asks next. The server itself, which does it, cannot wait for that; a dry run asks for nothing.
 * @param settled resolves once all is done that the definitions of which the mirror has told by now ask for; a write that
 * is answered has been told of
 */
export function followed(service: ResourceService, settled: () => Promise<void>): ResourceService {
  const afterwards = async <T>(write: Promise<T>, request: WriteRequest | DeleteRequest): Promise<T> => {
    const answer = await write;
    if (request.user !== loopbackUser && !request.dryRun) await settled();
    return answer;
  };
  return {
    get: (at, options) => service.get(at, options),
    list: (request) => service.list(request),
    watch: (request, listener) => service.watch(request, listener),
    create: (at, body, request) => afterwards(service.create(at, body, request), request),
    update: (at, body, request) => afterwards(service.update(at, body, request), request),
    patch: (at, request) => afterwards(service.patch(at, request), request),
    delete: (at, request) => afterwards(service.delete(at, request), request),
    deleteCollection: (list, request) => afterwards(service.deleteCollection(list, request), request),
  };
}
