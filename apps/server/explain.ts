import { pods } from '../../libs/api/kinds/pod.ts';
import { StatusError } from '../../libs/base/status.ts';
import type { ApiServerExtension, ExtensionContext } from '../apiserver/extension.ts';
import type { Scheduler } from '../scheduler/options.ts';

/** Serves `GET .../pods/NAME/explain`: what the scheduler thinks of the pod now. */
export function explainPods(scheduler: () => Scheduler | undefined): ApiServerExtension {
  let context: ExtensionContext | undefined;
  return {
    name: 'explain',
    async start(started) {
      context = started;
    },
    routes: [
      {
        match: { group: '', plural: 'pods', subresource: 'explain' },
        async handle({ resource }, response) {
          const answering = scheduler();
          if (context === undefined || answering === undefined) {
            throw new StatusError('ServiceUnavailable', 'the scheduler is starting');
          }
          const at = { namespace: resource?.namespace ?? '', name: resource?.name ?? '' };
          const explanation = answering.explain(await context.client.get(pods, at));
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(explanation));
        },
      },
    ],
  };
}
