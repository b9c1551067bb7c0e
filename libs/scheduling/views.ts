import { ClassView } from './class-view.ts';
import type { Cluster } from './cluster.ts';
import type { WeightedPlugin } from './plugin.ts';
import type { PodInfo, PodShape } from './pod-info.ts';

/** Views are dropped, least recently used first, when together they hold more nodes than this (about 60 bytes each). */
const viewedNodesMax = 1_000_000;
/** And never more than this many: each has some kilobytes of its own. */
const viewsMax = 1000;

/** The views of the classes that were asked for lately. */
export class Views {
  private readonly views = new Map<string, ClassView>();
  /** What was asked for last; pods of one class often come one after another. */
  private last: { shape: PodShape; termsKey: string; view: ClassView } | undefined;
  private readonly cluster: Cluster;
  private readonly pluginsOf: (schedulerName: string | undefined) => readonly WeightedPlugin[];

  /** `pluginsOf` says what judges the pods that name a scheduler; a shape tells the name. */
  constructor(cluster: Cluster, pluginsOf: (schedulerName: string | undefined) => readonly WeightedPlugin[]) {
    this.cluster = cluster;
    this.pluginsOf = pluginsOf;
  }

  /** Pods with equal keys are alike to every plugin. */
  keyOf({ shape, labels }: PodInfo): string {
    return `${shape.id} ${labels.termsKey}`;
  }

  /** Pods with equal keys wait for the same: those of a group for each other as well. */
  queueKeyOf(info: PodInfo): string {
    return info.gang === undefined ? this.keyOf(info) : `${this.keyOf(info)} ${info.gang.key}`;
  }

  of(info: PodInfo): ClassView {
    const { last } = this;
    const isLast = last !== undefined && last.shape === info.shape && last.termsKey === info.labels.termsKey;
    if (isLast && !last.view.isOutdated) return last.view;
    const view = this.used(info);
    this.last = { shape: info.shape, termsKey: info.labels.termsKey, view };
    return view;
  }

  private used(info: PodInfo): ClassView {
    const key = this.keyOf(info);
    let view = this.views.get(key);
    if (view?.isOutdated) {
      this.drop(key);
      view = undefined;
    }
    // A map iterates in the order of insertion: the newest use goes last.
    this.views.delete(key);
    const { shape } = info;
    view ??= new ClassView(shape, info.labels, this.cluster, this.pluginsOf(shape.pod.spec?.schedulerName));
    this.views.set(key, view);
    this.trim();
    return view;
  }

  private trim(): void {
    const max = Math.max(2, Math.min(viewsMax, viewedNodesMax / Math.max(1, this.cluster.table.size)));
    for (const key of this.views.keys()) {
      if (this.views.size <= max) return;
      this.drop(key);
    }
  }

  private drop(key: string): void {
    this.views.get(key)?.dispose();
    this.views.delete(key);
  }
}
