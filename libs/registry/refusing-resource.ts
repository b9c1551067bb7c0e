import type { Document } from '../cache/document.ts';
import { methodNotAllowed } from './errors.ts';
import type { DeleteAnswer, ListAnswer, ResourceService, WatchHandle, WriteAnswer } from './requests.ts';

type Arguments<Verb extends keyof ResourceService> = Parameters<ResourceService[Verb]>;

/** A resource of no verbs: what its kind has is said by those who extend it. */
export class RefusingResource implements ResourceService {
  get(..._request: Arguments<'get'>): Promise<Document> {
    throw methodNotAllowed();
  }

  list(..._request: Arguments<'list'>): Promise<ListAnswer> {
    throw methodNotAllowed();
  }

  watch(..._request: Arguments<'watch'>): Promise<WatchHandle> {
    throw methodNotAllowed();
  }

  create(..._request: Arguments<'create'>): Promise<Document> {
    throw methodNotAllowed();
  }

  update(..._request: Arguments<'update'>): Promise<WriteAnswer> {
    throw methodNotAllowed();
  }

  patch(..._request: Arguments<'patch'>): Promise<WriteAnswer> {
    throw methodNotAllowed();
  }

  delete(..._request: Arguments<'delete'>): Promise<DeleteAnswer> {
    throw methodNotAllowed();
  }

  deleteCollection(..._request: Arguments<'deleteCollection'>): Promise<ListAnswer> {
    throw methodNotAllowed();
  }
}
