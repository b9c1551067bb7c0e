import { csinodes } from '../../libs/api/kinds/csinode.ts';
import { namespaces } from '../../libs/api/kinds/namespace.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { persistentvolumes } from '../../libs/api/kinds/persistentvolume.ts';
import { persistentvolumeclaims } from '../../libs/api/kinds/persistentvolumeclaim.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { poddisruptionbudgets } from '../../libs/api/kinds/poddisruptionbudget.ts';
import { services } from '../../libs/api/kinds/service.ts';
import { storageclasses } from '../../libs/api/kinds/storageclass.ts';
import type { KubeObject, Resource } from '../../libs/api/meta.ts';
import type { InformerHandler } from '../../libs/client/informer.ts';
import { InformerSet } from '../../libs/client/informer-set.ts';
import { EventRecorder } from '../../libs/reconcile/events.ts';
import { Cluster } from '../../libs/scheduling/cluster.ts';
import { DecisionRecords } from '../../libs/scheduling/decision-records.ts';
import { explainPod } from '../../libs/scheduling/explain.ts';
import { wakesOn } from '../../libs/scheduling/plugin.ts';
import { defaultProfile, profilesByName } from '../../libs/scheduling/profiles.ts';
import { SchedulingQueue } from '../../libs/scheduling/queue.ts';
import { SchedulerCore } from '../../libs/scheduling/scheduler-core.ts';
import { ApiEvictor } from './api-evictor.ts';
import { Bindings } from './bindings.ts';
import { Evictions } from './evictions.ts';
import { gangHook } from './gangs.ts';
import { Intake } from './intake.ts';
import { Loop } from './loop.ts';
import type { Scheduler, SchedulerOptions } from './options.ts';
import { PodGroupObjects } from './pod-groups.ts';
import { Refusals } from './refusals.ts';
import { SchedulerMetrics } from './scheduler-metrics.ts';
import { volumeHook } from './volume-hook.ts';

/** Starts placing pods. Resolves at once; `ready` says when the whole cluster is known. */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { client, binder, clock, random, logger, profiles = [defaultProfile] } = options;
  const cluster = new Cluster();
  const profileOf = profilesByName(profiles);
  const core = new SchedulerCore(cluster, profileOf);
  const queue = new SchedulingQueue();
  const records = new DecisionRecords(cluster);
  const metrics = new SchedulerMetrics(options.metrics);
  metrics.observeSizes(options.metrics, { queue, cluster, gated: () => intake.gatedCount });
  const events = new EventRecorder({ client, clock, random, component: profiles[0]!.schedulerName, logger });
  const refusals = new Refusals({ client, events, clock, logger });
  const { evictor = new ApiEvictor(client, events) } = options;
  const evictions = new Evictions({ client, evictor, cluster, clock, logger });
  const bindings = new Bindings(binder, logger);
  const poke = () => loop.poke();
  const left = (uid: string) => refusals.forget(uid);
  const intake = new Intake({ cluster, queue, views: core.views, clock, profileOf, poke, left });
  const takeChanges = () => intake.takeChanges();
  const informers = new InformerSet({ client, clock, logger });
  const groupsChanged = () => intake.changed(wakesOn.podGroups);
  const podGroups = new PodGroupObjects({ client, cluster, informers, clock, logger, changed: groupsChanged });
  const loop = new Loop({
    cluster,
    core,
    queue,
    hooks: [volumeHook({ client, cluster, clock }), gangHook(cluster)],
    records,
    bindings,
    refusals,
    evictions,
    events,
    metrics,
    clock,
    logger,
    takeChanges,
    groupScheduled: podGroups.tell,
  });

  const stopping = new AbortController();
  const watched = watchAll(informers, intake, stopping.signal);
  informers.start();
  // Deciding with half of the pods unknown would overcommit nodes, without budgets break them, without groups part those.
  const synced = [...watched.map((each) => each.synced), podGroups.waitSynced(stopping.signal)];
  const ready = Promise.all(synced).then(() => loop.start());
  ready.catch(() => {});
  return {
    ready,
    explain(pod) {
      const lastDecision = records.of(pod.metadata ?? {});
      return { ...explainPod(pod, core, cluster), ...(lastDecision && { lastDecision }) };
    },
    async stop() {
      stopping.abort(new Error('the scheduler was stopped'));
      loop.stop();
      refusals.stop();
      for (const { unwatch } of watched) unwatch();
      await informers.stop();
      await bindings.settled();
      await events.flush();
    },
  };
}

/** Lets the intake see all that placement rests on. */
function watchAll(informers: InformerSet, intake: Intake, signal: AbortSignal) {
  const watch = <T extends KubeObject>(resource: Resource<T>, handler: InformerHandler<T>) => {
    const informer = informers.of(resource);
    return { unwatch: informer.addHandler(handler), synced: informer.waitSynced(signal) };
  };
  return [
    watch(nodes, intake.nodes),
    watch(namespaces, intake.namespaces),
    watch(services, intake.services),
    watch(poddisruptionbudgets, intake.budgets),
    watch(csinodes, intake.csiNodes),
    watch(storageclasses, intake.storageClasses),
    watch(persistentvolumes, intake.volumes),
    watch(persistentvolumeclaims, intake.claims),
    watch(pods, intake.pods),
  ];
}
