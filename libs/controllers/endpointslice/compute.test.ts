import { makePod } from '../../../test/support/make-pod.ts';
import type { V1EndpointSlice, V1Pod, V1Service } from '../../api/gen/types.ts';
import { compute } from './compute.ts';
import type { SlicePlan } from './slices.ts';

const makeService = (spec: Partial<V1Service['spec']> = {}): V1Service => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u', labels: { team: 'a' } },
  spec: {
    clusterIP: '10.96.0.5',
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    ...spec,
  },
});

const run = (service: V1Service, pods: V1Pod[], slices: V1EndpointSlice[] = []): SlicePlan =>
  compute({
    service,
    pods,
    slices,
    nodeOf: (name) => ({ metadata: { name, labels: { 'topology.kubernetes.io/zone': 'z1' } } }),
  });

/** What stands in the API after a plan. */
const applied = (plan: SlicePlan): V1EndpointSlice[] =>
  [...plan.create, ...plan.update].map((slice, at) => ({
    ...slice,
    metadata: { ...slice.metadata, name: slice.metadata?.name ?? `s${at}` },
  }));

const ready = (name: string, ip: string) => makePod(name).on('n1').ready().ip(ip);

describe('conditions of endpoints', () => {
  it.each([
    { name: 'ready', pod: ready('a', '1.1.1.1'), want: { ready: true, serving: true, terminating: false } },
    {
      name: 'not ready',
      pod: makePod('a').on('n1').ip('1.1.1.1').phase('Running'),
      want: { ready: false, serving: false, terminating: false },
    },
    {
      name: 'terminating',
      pod: ready('a', '1.1.1.1').deleting(),
      want: { ready: false, serving: true, terminating: true },
    },
    {
      name: 'not ready but published',
      pod: makePod('a').on('n1').ip('1.1.1.1').phase('Running'),
      publish: true,
      want: { ready: true, serving: false, terminating: false },
    },
  ])('$name', ({ pod, publish, want }) => {
    const plan = run(makeService(publish ? { publishNotReadyAddresses: true } : {}), [pod.build()]);
    expect(plan.create[0]?.endpoints?.[0]?.conditions).toEqual(want);
  });

  it('ended pods and pods without an address are left out', () => {
    const pods = [ready('a', '1.1.1.1').phase('Succeeded').build(), makePod('b').on('n1').build()];
    expect(run(makeService(), pods).create[0]?.endpoints).toEqual([]);
  });
});

describe('slices', () => {
  it('say where the pod is and whose slice it is', () => {
    const [slice] = run(makeService({ clusterIP: 'None' }), [ready('a', '1.1.1.1').build()]).create;
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      metadata: {
        generateName: 'web-',
        labels: {
          team: 'a',
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          'service.kubernetes.io/headless': '',
        },
        ownerReferences: [{ kind: 'Service', name: 'web', uid: 'u', controller: true }],
      },
      endpoints: [{ addresses: ['1.1.1.1'], nodeName: 'n1', zone: 'z1', targetRef: { kind: 'Pod', name: 'a' } }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    });
  });

  it('are split by the port that a name stands for', () => {
    const service = makeService({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
    const pods = [ready('a', '1.1.1.1').port(8080, 'web').build(), ready('b', '1.1.1.2').port(9090, 'web').build()];
    expect(
      run(service, pods)
        .create.map((slice) => slice.ports?.[0]?.port)
        .sort(),
    ).toEqual([8080, 9090]);
  });

  it('hold a hundred endpoints', () => {
    const pods = Array.from({ length: 250 }, (_, i) => ready(`p${i}`, `10.0.${i >> 8}.${i & 255}`).build());
    expect(run(makeService(), pods).create.map((slice) => slice.endpoints?.length)).toEqual([100, 100, 50]);
  });

  it('change only where something changed', () => {
    const pods = Array.from({ length: 150 }, (_, i) => ready(`p${i}`, `10.0.0.${i}`).build());
    const slices = applied(run(makeService(), pods));
    const same = run(makeService(), pods, slices);
    expect([same.create, same.update, same.remove].map((list) => list.length)).toEqual([0, 0, 0]);
    const changed = run(makeService(), [...pods.slice(1), ready('new', '10.0.1.1').build()], slices);
    expect([changed.create, changed.update, changed.remove].map((list) => list.length)).toEqual([0, 1, 0]);
  });

  it('shrink to one empty slice, and those of other ports go', () => {
    const slices = applied(run(makeService(), [ready('a', '1.1.1.1').build()]));
    const emptied = run(makeService(), [], slices);
    expect([emptied.create.length, emptied.update.length, emptied.remove.length]).toEqual([1, 0, 1]);
    const again = run(makeService(), [], applied(emptied));
    expect([again.create.length, again.update.length, again.remove.length]).toEqual([0, 0, 0]);
  });
});
