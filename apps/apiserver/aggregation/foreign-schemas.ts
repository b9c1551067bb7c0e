import type { ForeignSchema } from '../../../libs/api/openapi/foreign.ts';
import type { Json } from '../../../libs/api/openapi/json.ts';
import { parsedOrNothing } from '../../../libs/webhook/exchange.ts';
import type { AggregatedApi } from './aggregated-apis.ts';
import type { ForeignServer } from './foreign-server.ts';

const pathOf = ({ group, version }: AggregatedApi) => `apis/${group}/${version}`;

/** How aggregated servers describe themselves in OpenAPI. Those that do not are served all the same. */
export class ForeignSchemas {
  private readonly known = new Map<string, ForeignSchema>();

  constructor(private readonly server: ForeignServer) {}

  of(api: AggregatedApi): ForeignSchema | undefined {
    return this.known.get(api.name);
  }

  /** Reads again what has changed: addresses of v3 documents hold a hash of what stands there. */
  async refresh(api: AggregatedApi): Promise<void> {
    const path = pathOf(api);
    const known = this.known.get(api.name);
    const index = (await this.json(api, '/openapi/v3')) as { paths?: Record<string, { serverRelativeURL?: string }> };
    const v3Address = index?.paths?.[path]?.serverRelativeURL;
    if (known?.path === path && known.v3Address === v3Address) return;
    const v2 = (await this.json(api, '/openapi/v2')) as Json | undefined;
    this.known.set(api.name, { path, v3Address, v2 });
  }

  private async json(api: AggregatedApi, path: string): Promise<unknown> {
    try {
      return parsedOrNothing(await this.server.read(api, path));
    } catch {
      return undefined;
    }
  }
}
