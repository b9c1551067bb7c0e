import { loopbackUser } from '../../auth/user.ts';
import type { Caller, ResourceService } from '../requests.ts';

/**
 * Definitions whose writes are answered when what they ask for has been done: the kind is served, or gone, for whoever
 * asks next. The server itself, which does it, cannot wait for that.
 */
export function followed(service: ResourceService, settled: () => Promise<void>): ResourceService {
  const afterwards = async <T>(write: Promise<T>, { user }: Caller): Promise<T> => {
    const answer = await write;
    if (user !== loopbackUser) await settled();
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
