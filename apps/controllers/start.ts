import { builtinKinds } from '../../libs/api/kinds/index.ts';
import type { Resource } from '../../libs/api/meta.ts';
import { sleep } from '../../libs/base/clock.ts';
import { InformerSet } from '../../libs/client/informer-set.ts';
import { newAutoscalerController } from '../../libs/controllers/autoscaler/reconcile.ts';
import { newCertificatesController } from '../../libs/controllers/certificates/reconcile.ts';
import { newClusterRoleAggregationController } from '../../libs/controllers/clusterroleaggregation/reconcile.ts';
import { newCronJobController } from '../../libs/controllers/cronjob/reconcile.ts';
import { newDaemonSetController } from '../../libs/controllers/daemonset/reconcile.ts';
import { newDeploymentController } from '../../libs/controllers/deployment/reconcile.ts';
import { newDisruptionController } from '../../libs/controllers/disruption/reconcile.ts';
import { newStaleTargetController } from '../../libs/controllers/disruption/stale-targets.ts';
import { newEndpointsController } from '../../libs/controllers/endpoints/reconcile.ts';
import { newEndpointSliceController } from '../../libs/controllers/endpointslice/reconcile.ts';
import { newEndpointSliceMirroringController } from '../../libs/controllers/endpointslicemirroring/reconcile.ts';
import { newEventExpiryController } from '../../libs/controllers/eventexpiry/reconcile.ts';
import { newGarbageCollector } from '../../libs/controllers/garbagecollector/reconcile.ts';
import { newJobController } from '../../libs/controllers/job/reconcile.ts';
import { newJobOrphanController } from '../../libs/controllers/job/release.ts';
import { newNamespaceController } from '../../libs/controllers/namespace/reconcile.ts';
import {
  newRootCaController,
  newServiceAccountController,
} from '../../libs/controllers/namespacedefaults/reconcile.ts';
import { newNodeLifecycleController } from '../../libs/controllers/nodelifecycle/reconcile.ts';
import { newPodCidrController } from '../../libs/controllers/podcidr/reconcile.ts';
import { newPodGcController } from '../../libs/controllers/podgc/reconcile.ts';
import { newReplicaSetController, newReplicationController } from '../../libs/controllers/replicaset/reconcile.ts';
import { newResourceQuotaController } from '../../libs/controllers/resourcequota/reconcile.ts';
import { newServiceAccountTokensController } from '../../libs/controllers/serviceaccounttokens/reconcile.ts';
import { newStatefulSetController } from '../../libs/controllers/statefulset/reconcile.ts';
import {
  newAttributesClassProtectionController,
  newClaimProtectionController,
  newVolumeProtectionController,
} from '../../libs/controllers/storageprotection/reconcile.ts';
import { newTaintEvictionController } from '../../libs/controllers/tainteviction/reconcile.ts';
import type { Controller, ControllerContext } from '../../libs/reconcile/controller.ts';
import { CustomKinds } from '../../libs/reconcile/custom-kinds.ts';
import { EventRecorder } from '../../libs/reconcile/events.ts';
import { LeaderElection } from '../../libs/reconcile/leader.ts';
import type { Controllers, ControllersOptions } from './options.ts';
import { StateMetrics } from './state-metrics.ts';

/** Held by the one process whose controllers work. */
export const controllersLease = { namespace: 'kube-system', name: 'berth-controllers' };

type Make = (context: ControllerContext, options: ControllersOptions, custom: CustomKinds) => Controller | undefined;

/** Every controller, by its name. */
const makers: Readonly<Record<string, Make>> = {
  serviceaccount: newServiceAccountController,
  'root-ca-certificate-publisher': (context, { rootCa }) => (rootCa ? newRootCaController(context, rootCa) : undefined),
  'serviceaccount-token': (context, { rootCa, signToken: sign }) =>
    sign ? newServiceAccountTokensController(context, { rootCa, sign }) : undefined,
  deployment: newDeploymentController,
  replicaset: newReplicaSetController,
  replicationcontroller: newReplicationController,
  daemonset: newDaemonSetController,
  statefulset: newStatefulSetController,
  job: newJobController,
  'job-orphans': newJobOrphanController,
  cronjob: newCronJobController,
  disruption: newDisruptionController,
  'stale-disruption-target': newStaleTargetController,
  endpointslice: newEndpointSliceController,
  endpoint: newEndpointsController,
  endpointslicemirroring: newEndpointSliceMirroringController,
  podcidr: (context, { clusterCidr = '10.244.0.0/16', nodeMaskBits = 24 }) =>
    newPodCidrController(context, { clusterCidr, nodeMaskBits }),
  resourcequota: (context, options) => newResourceQuotaController(context, { resources: deletable(options) }),
  'node-lifecycle': newNodeLifecycleController,
  'taint-eviction': newTaintEvictionController,
  'persistentvolumeclaim-protection': newClaimProtectionController,
  'persistentvolume-protection': newVolumeProtectionController,
  'volumeattributesclass-protection': newAttributesClassProtectionController,
  podgc: (context) => newPodGcController(context),
  horizontalpodautoscaler: (context, { autoscalerPeriodMs }, custom) =>
    newAutoscalerController(context, {
      custom,
      scalable: builtinKinds.filter(({ scale }) => scale !== undefined),
      ...(autoscalerPeriodMs === undefined ? {} : { periodMs: autoscalerPeriodMs }),
    }),
  'clusterrole-aggregation': newClusterRoleAggregationController,
  certificates: (context, { authority }) => (authority ? newCertificatesController(context, authority) : undefined),
  namespace: (context, options, custom) => newNamespaceController(context, { resources: deletable(options), custom }),
  'garbage-collector': (context, options, custom) => {
    // Events own nothing and are owned by nothing; they only come in great numbers.
    const resources = deletable(options).filter((resource) => resource.kind !== 'Event');
    return newGarbageCollector(context, { resources, custom });
  },
  'event-expiry': (context, options) => newEventExpiryController(context, options.eventLifetimeMs),
};

function deletable({ resources }: ControllersOptions): readonly Resource[] {
  if (resources) return resources();
  return (
    builtinKinds
      // Another form of what is stored under its own kind is not met twice.
      .filter(({ storedAs }) => storedAs === undefined)
      .filter(({ verbs }) => !verbs || ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb)))
  );
}

/** Starts every controller that is not disabled. Resolves at once; `ready` says when they work. */
export async function startControllers(options: ControllersOptions): Promise<Controllers> {
  const state = new StateMetrics(options.metrics);
  const run = () => runControllers(options, state);
  return options.identity === undefined ? run() : electControllers(options, { identity: options.identity, run });
}

/** After an error the controllers wait this long before they run again. */
const restartMs = 1_000;

/** Runs the controllers while this process holds the lease, again and again. */
function electControllers(
  options: ControllersOptions,
  { identity, run }: { identity: string; run: () => Controllers },
): Controllers {
  const { client, clock, random, logger } = options;
  const stopping = new AbortController();
  const election = new LeaderElection({ client, clock, random, lease: controllersLease, identity, logger });
  const lead = async (until: AbortSignal): Promise<void> => {
    const controllers = run();
    if (!until.aborted) await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }));
    await controllers.stop();
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await election.run(lead, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.error('the controllers ended with an error', { error: String(error) });
        await sleep(clock, restartMs, stopping.signal).catch(() => {});
      }
    }
  })();
  return {
    ready: Promise.resolve(),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function runControllers(options: ControllersOptions, state: StateMetrics): Controllers {
  const { client, clock, random, logger, metrics } = options;
  const informers = new InformerSet({ client, clock, logger });
  const events = new EventRecorder({ client, clock, random, component: 'controllers', logger });
  const context: ControllerContext = { client, informers, clock, random, logger, metrics, events };
  const custom = new CustomKinds(informers);
  const disabled = new Set(options.disabled ?? []);
  const controllers = Object.entries(makers)
    .filter(([name]) => !disabled.has(name))
    .map(([, make]) => make(context, options, custom))
    .filter((controller) => controller !== undefined);
  state.show(informers);
  informers.start();
  for (const controller of controllers) controller.start();
  const ready = Promise.all(controllers.map((controller) => controller.ready)).then(() => {});
  ready.catch(() => {});
  return {
    ready,
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
      state.show(undefined);
      await informers.stop();
    },
  };
}
