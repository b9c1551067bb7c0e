import type { ServerResponse } from 'node:http';
import { StatusError } from '../../../libs/base/status.ts';
import { defaultProfile, type Profile, type ProfileOf, profilesByName } from '../../../libs/scheduling/profiles.ts';
import type { ApiServerExtension, ExtensionContext, ExtensionRequest } from '../extension.ts';
import { adviceOn } from './advice.ts';
import { answerRebalance, type RebalanceRequest } from './balance.ts';
import { answerDrain, answerSimulation, type DrainRequest, type SimulationRequest } from './changes.ts';
import { answerPlan, type PlanRequest } from './planning.ts';

const prefix = '/berth/v1/foresight/';

/**
 * What-if questions, answered with the scheduler's core on a snapshot of this server's memory: Warnings for dry runs,
 * and `POST /berth/v1/foresight/` plan, drain, simulate and rebalance. Nothing is stored and nothing is scheduled by asking.
 */
export function foresight(profiles: readonly Profile[] = [defaultProfile]): ApiServerExtension {
  const profileOf = profilesByName(profiles);
  let context: ExtensionContext | undefined;
  return {
    name: 'foresight',
    async start(started) {
      context = started;
    },
    async advise(dryRun) {
      return context === undefined ? [] : adviceOn(dryRun, context, profileOf);
    },
    routes: [
      {
        match: { pathPrefix: prefix },
        async handle(request, response) {
          if (context === undefined) throw new StatusError('ServiceUnavailable', 'the server is starting');
          send(response, await answer(request, context, profileOf));
        },
      },
    ],
  };
}

async function answer(request: ExtensionRequest, context: ExtensionContext, profiles: ProfileOf): Promise<object> {
  const { method, path, user, body } = request;
  if (method !== 'POST') throw new StatusError('MethodNotAllowed', `${path} answers POST only`);
  const asked = bodyOf(body);
  const parts = { own: context.clientAs(user), control: context.client, profiles };
  switch (path.slice(prefix.length)) {
    case 'plan':
      return answerPlan(asked as PlanRequest, parts);
    case 'drain':
      return answerDrain(asked as DrainRequest, parts);
    case 'simulate':
      return answerSimulation(asked as SimulationRequest, parts);
    case 'rebalance':
      return answerRebalance(asked as RebalanceRequest, parts);
    default:
      throw new StatusError('NotFound', `nothing is foreseen at ${path}`);
  }
}

function bodyOf(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString('utf8') || '{}');
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below, as for any other body that is no object.
  }
  throw new StatusError('BadRequest', 'the body is not a JSON object');
}

function send(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
