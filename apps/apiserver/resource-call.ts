import type { ServerResponse } from 'node:http';
import type { ResourceAttributes } from '../../libs/auth/attributes.ts';
import type { ServedResource } from '../../libs/registry/registry.ts';
import type { RequestBody } from './bodies.ts';
import type { Asker } from './parameters.ts';
import type { RequestInfo } from './request-info.ts';
import type { WatchOutput } from './watch-output.ts';

/** What is asked of which resource, and in which form. */
export interface ResourceQuestion {
  readonly info: RequestInfo;
  readonly at: ResourceAttributes;
  readonly served: ServedResource;
  readonly accept: string | undefined;
}

/** A request for a resource with all that its handling needs. */
export interface ResourceCall extends ResourceQuestion {
  readonly asker: Asker;
  readonly warnings: string[];
  readonly body: RequestBody;
  readonly response: ServerResponse;
}

/** A watch, whatever carries it. */
export interface WatchCall extends ResourceQuestion {
  readonly output: WatchOutput;
}
