import { StatusError } from '../../libs/base/status.ts';
import type { ApiServer, ApiServerOptions } from './options.ts';

/** Serves the API on `options.port` until stopped. Resolves once requests are answered. */
export async function startApiServer(_options: ApiServerOptions): Promise<ApiServer> {
  throw new StatusError('ServiceUnavailable', 'the API server is being built');
}
