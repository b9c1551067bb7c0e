import type { ServerResponse } from 'node:http';
import type { ResourceAttributes } from '../../libs/auth/attributes.ts';
import type { ServedResource } from '../../libs/registry/registry.ts';
import type { RequestBody } from './bodies.ts';
import type { Asker } from './parameters.ts';
import type { RequestInfo } from './request-info.ts';

/** A request for a resource with all that its handling needs. */
export interface ResourceCall {
  readonly info: RequestInfo;
  readonly at: ResourceAttributes;
  readonly served: ServedResource;
  readonly asker: Asker;
  readonly warnings: string[];
  readonly body: RequestBody;
  readonly accept: string | undefined;
  readonly response: ServerResponse;
}
