/** Nodes that are refused for the same reason. */
export interface RefusedNodes {
  plugin: string;
  reason: string;
  /** Whether evicting pods could help. */
  isResolvable: boolean;
  count: number;
  /** Some of them, with numbers where there are any: `n3: memory 180Mi short of 512Mi`. */
  examples: string[];
}

/** How far a decision has come. */
export type DecisionOutcome =
  /** A node was chosen and the binding is on its way to the store. */
  | 'placed'
  /** The binding is durable. */
  | 'bound'
  /** The binding was refused; the pod is tried again. */
  | 'lost'
  /** A node was chosen, but the pod waits until the rest of its group has one too. */
  | 'held'
  /** No node fits. */
  | 'unschedulable'
  /** No node fits, and pods of lower priority are being evicted for it. */
  | 'preempting';

/** What the scheduler's last decision about a pod rested on. */
export interface DecisionRecord {
  /** `namespace/name`. */
  pod: string;
  schedulerName: string;
  /** RFC 3339 with microseconds. */
  decidedAt: string;
  /** This one included. */
  attempts: number;
  /** Time that the decision took. */
  microseconds: number;
  /** Nodes that there were. */
  nodes: number;
  outcome: DecisionOutcome;
  /** The node chosen, its points by plugin with weights, and their sum. */
  node?: string;
  points?: Record<string, number>;
  total?: number;
  /** The best of the other nodes, and how many points it was behind. */
  runnerUp?: { name: string; total: number };
  margin?: number;
  refused: RefusedNodes[];
  /** Why the pod waits, or why its binding was refused. */
  message?: string;
  /** Pods that are evicted for it, as `namespace/name`. */
  victims?: string[];
}
