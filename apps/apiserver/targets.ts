import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { StatusError } from '../../libs/base/status.ts';
import type { Client } from '../../libs/client/client.ts';
import { nodeTargets, podTargets, type TargetGroup } from '../../libs/statemetrics/targets.ts';
import type { ApiServerExtension, ExtensionContext } from './extension.ts';

/** Lists scrape targets for Prometheus's http_sd_configs under `/berth/v1/targets?role=pod|node`. */
export function scrapeTargets(): ApiServerExtension {
  let context: ExtensionContext | undefined;
  return {
    name: 'scrape-targets',
    async start(started) {
      context = started;
    },
    routes: [
      {
        match: { pathPrefix: '/berth/v1/targets' },
        async handle(request, response) {
          if (!context) throw new StatusError('ServiceUnavailable', 'the server is starting');
          const groups = await targetsOf(context.clientAs(request.user), request.query.get('role'));
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(groups));
        },
      },
    ],
  };
}

async function targetsOf(client: Client, role: string | null): Promise<TargetGroup[]> {
  if (role === 'node') return nodeTargets((await client.list(nodes)).items);
  if (role === 'pod') return podTargets((await client.list(pods)).items);
  throw new StatusError('BadRequest', `role ${JSON.stringify(role)}: want "pod" or "node"`);
}
