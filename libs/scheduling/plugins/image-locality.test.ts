import { makeNode } from '../../../test/support/make-node.ts';
import { clusterOf, place } from '../../../test/support/placement.ts';
import { placementTable, pod } from '../../../test/support/placement-table.ts';
import { SchedulerCore } from '../scheduler-core.ts';

const image = 'registry.example/app:1';
const bytes = 900 * 2 ** 20;
const has = (name: string) => makeNode(name).image(image, bytes).build();
const lacks = (name: string) => makeNode(name).build();
const wants = pod({ containers: [{ name: 'c', image }] });

placementTable('images', [
  { name: 'a large image that is there already decides', nodes: [lacks('a'), has('has')], pod: wants, answer: 'has' },
]);

describe('the points for images', () => {
  const full = (100 * (900 - 23)) / (1000 - 23);
  it.each([
    ['that every node has count in full', [has('n1'), has('n2')], full],
    ['that half of the nodes have count half', [has('n1'), lacks('n2')], (100 * (450 - 23)) / (1000 - 23)],
    [
      'that one node of very many has count nothing',
      [has('n1'), ...Array.from({ length: 40 }, (_, at) => lacks(`m${at}`))],
      0,
    ],
  ])('%s', (_name, nodes, points) => {
    expect(place(nodes, [], wants).scores('n1').get('ImageLocality')).toBeCloseTo(points);
  });

  it('grow when other nodes get the image, and go when the node loses it', () => {
    const cluster = clusterOf([has('n1'), lacks('n2')], []);
    const core = new SchedulerCore(cluster);
    const info = cluster.read(wants);
    const points = () => core.views.of(info).scoresOf(cluster.table.slotOf('n1')!).get('ImageLocality');
    const before = points();
    cluster.setNode(has('n2'));
    expect(points()).toBeGreaterThan(before!);
    cluster.setNode(lacks('n1'));
    expect(points()).toBe(0);
  });
});
