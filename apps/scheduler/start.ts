import { customresourcedefinitions } from '../../libs/api/kinds/customresourcedefinition.ts';
import { namespaces } from '../../libs/api/kinds/namespace.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { persistentvolumes } from '../../libs/api/kinds/persistentvolume.ts';
import { persistentvolumeclaims } from '../../libs/api/kinds/persistentvolumeclaim.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { poddisruptionbudgets } from '../../libs/api/kinds/poddisruptionbudget.ts';
import { services } from '../../libs/api/kinds/service.ts';
import { storageclasses } from '../../libs/api/kinds/storageclass.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import { InformerSet } from '../../libs/client/informer-set.ts';
import { EventRecorder } from '../../libs/reconcile/events.ts';
import { Cluster } from '../../libs/scheduling/cluster.ts';
import { DecisionRecords } from '../../libs/scheduling/decision-records.ts';
import { explainPod } from '../../libs/scheduling/explain.ts';
import { wakesOn } from '../../libs/scheduling/plugin.ts';
import { defaultProfile, profilesByName } from '../../libs/scheduling/profiles.ts';
import { SchedulingQueue } from '../../libs/scheduling/queue.ts';
import { SchedulerCore } from '../../libs/scheduling/scheduler-core.ts';
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
  const evictions = new Evictions({ client, cluster, events, clock, logger });
  const bindings = new Bindings(binder, logger);
  const poke = () => loop.poke();
  const intake = new Intake({ cluster, queue, views: core.views, clock, profileOf, poke });
  const takeChanges = () => intake.takeChanges();
  const informers = new InformerSet({ client, clock, logger });
  const groupsChanged = () => intake.changed(wakesOn.podGroups);
  const podGroups = new PodGroupObjects({ client, cluster, informers, logger, changed: groupsChanged });
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

  const watched = [
    informers.of(nodes).addHandler(intake.nodes),
    informers.of(namespaces).addHandler(intake.namespaces),
    informers.of(services).addHandler(intake.services),
    informers.of(poddisruptionbudgets).addHandler(intake.budgets),
    informers.of(storageclasses).addHandler(intake.storageClasses),
    informers.of(persistentvolumes).addHandler(intake.volumes),
    informers.of(persistentvolumeclaims).addHandler(intake.claims),
    informers.of(pods).addHandler(intake.pods),
  ];
  informers.start();
  const stopping = new AbortController();
  // Deciding with half of the pods unknown would overcommit nodes; with the definitions unknown it would part groups.
  const needed = [nodes, namespaces, services, pods, customresourcedefinitions];
  const synced = needed.map((resource) => informers.of<KubeObject>(resource).waitSynced(stopping.signal));
  const ready = Promise.all(synced).then(() => loop.start());
  ready.catch(() => {});
  return {
    ready,
    explain(pod) {
      const lastDecision = records.of(pod.metadata?.uid ?? '');
      return { ...explainPod(pod, core, cluster), ...(lastDecision && { lastDecision }) };
    },
    async stop() {
      stopping.abort(new Error('the scheduler was stopped'));
      loop.stop();
      refusals.stop();
      for (const unwatch of watched) unwatch();
      await informers.stop();
      await bindings.settled();
      await events.flush();
    },
  };
}
