import { nodeTargets, podTargets } from './targets.ts';

describe('scrape targets', () => {
  it('names every port of every pod with an address', () => {
    const spec = {
      nodeName: 'n1',
      containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 8080 }] }, { name: 'side' }],
    };
    const annotations = { 'prometheus.io/scrape': 'true' };
    const pods = [
      {
        metadata: { namespace: 'shop', name: 'web-1', annotations },
        spec,
        status: { podIP: '10.244.0.2', phase: 'Running' },
      },
      { metadata: { name: 'pending' } },
    ];
    const groups = podTargets(pods);
    expect(groups.map((group) => group.targets)).toEqual([['10.244.0.2:8080'], ['10.244.0.2']]);
    expect(groups[0]?.labels).toMatchObject({
      __meta_kubernetes_namespace: 'shop',
      __meta_kubernetes_pod_name: 'web-1',
      __meta_kubernetes_pod_annotation_prometheus_io_scrape: 'true',
      __meta_kubernetes_pod_container_port_number: '8080',
      __meta_kubernetes_pod_ready: 'unknown',
    });
  });

  it('names every node with an address', () => {
    const nodes = [
      {
        metadata: { name: 'n1', labels: { 'a.b/c': 'd' } },
        status: { addresses: [{ type: 'InternalIP', address: '10.1.0.1' }] },
      },
      { metadata: { name: 'n2' } },
    ];
    expect(nodeTargets(nodes)).toEqual([
      {
        targets: ['10.1.0.1:10250'],
        labels: {
          __meta_kubernetes_node_name: 'n1',
          instance: 'n1',
          __meta_kubernetes_node_label_a_b_c: 'd',
          __meta_kubernetes_node_labelpresent_a_b_c: 'true',
        },
      },
    ]);
  });
});
