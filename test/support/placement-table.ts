import type { V1Node, V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';
import { makeNode } from './make-node.ts';
import { makePod } from './make-pod.ts';
import { place, withSpec } from './placement.ts';

/** What the default profile is to say of a pod beside others. */
export interface PlacementCase {
  name: string;
  nodes: V1Node[];
  running?: V1Pod[];
  pod: V1Pod;
  /** Names of all nodes that fit, in the order of `nodes`. */
  fits?: string[];
  /** The node chosen, or the message. */
  answer?: string | RegExp;
}

/** One named test for each case. */
export function placementTable(title: string, cases: readonly PlacementCase[]): void {
  describe(title, () => {
    it.each(cases.map((each) => [each.name, each] as const))(
      '%s',
      (_name, { nodes, running: others = [], pod: newcomer, fits, answer }) => {
        const placement = place(nodes, others, newcomer);
        if (fits !== undefined) expect(placement.fits).toEqual(fits);
        if (answer !== undefined)
          expect(placement.answer).toEqual(typeof answer === 'string' ? answer : expect.stringMatching(answer));
      },
    );
  });
}

/** A newcomer that asks for one CPU and 1 GiB. */
export const pod = (spec: Partial<V1PodSpec> = {}, labels: Record<string, string> = { app: 'web' }): V1Pod =>
  withSpec(makePod('p').labels(labels).requests('1', '1Gi').build(), spec);

/** A pod of the same size that has its node. */
export const running = (
  name: string,
  node: string,
  labels: Record<string, string> = { app: 'web' },
  spec: Partial<V1PodSpec> = {},
): V1Pod => withSpec(makePod(name).labels(labels).requests('1', '1Gi').on(node).build(), spec);

/** Two nodes in zone a and one in zone b. */
export const threeNodes: V1Node[] = [
  makeNode('n1').zone('a').build(),
  makeNode('n2').zone('a').build(),
  makeNode('n3').zone('b').build(),
];
