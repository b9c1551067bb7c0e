import type { V1Deployment, V2HorizontalPodAutoscaler } from '../../libs/api/gen/types.ts';
import { Cluster, eventually } from './cluster.ts';

const cluster = Cluster.shared();
let namespace = '';
const k = (args: string) => cluster.kubectl(`-n ${namespace} ${args}`);

/** Burns CPU while /tmp/busy exists. */
const worker = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: worker }
spec:
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: c
          image: localhost/berth/busybox:1
          command: [sh, -c, 'while :; do if [ -e /tmp/busy ]; then i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done; else sleep 1; fi; done']
          resources: { requests: { cpu: 40m, memory: 8Mi }, limits: { cpu: 160m, memory: 32Mi } }
`;

const autoscaler = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: worker }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: worker }
  minReplicas: 1
  maxReplicas: 4
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
  behavior: { scaleDown: { stabilizationWindowSeconds: 5 } }
`;

beforeAll(async () => {
  namespace = await cluster.makeNamespace('autoscale');
  await cluster.apply(namespace, worker);
  await k('rollout status deployment/worker --timeout=60s');
});
afterAll(() => cluster.dropNamespace(namespace));

describe('horizontal autoscaling', () => {
  const replicas = async () =>
    (await cluster.get<V1Deployment>(`deployment worker -n ${namespace}`)).spec?.replicas ?? 0;

  it('follows the load up and down again', async () => {
    await cluster.apply(namespace, autoscaler);
    const first = (await k('get pods -l app=worker -o name')).trim();
    await k(`exec ${first} -- touch /tmp/busy`);
    await eventually(async () => expect(await replicas()).toBeGreaterThan(1), 90_000);
    expect(await k('get hpa worker')).toMatch(/cpu: \d+%\/80%\s+1\s+4/);
    expect(await k('describe hpa worker')).toMatch(/SuccessfulRescale/);
    await k(`exec ${first} -- rm /tmp/busy`);
    await eventually(async () => expect(await replicas()).toBe(1), 120_000);
    const { status } = await cluster.get<V2HorizontalPodAutoscaler>(`hpa worker -n ${namespace}`);
    expect(status?.conditions?.find((condition) => condition.type === 'AbleToScale')?.status).toBe('True');
  });

  it('is made by kubectl autoscale too', async () => {
    await k('delete hpa worker');
    await k('autoscale deployment worker --min=2 --max=3 --cpu-percent=50');
    await eventually(async () => expect(await replicas()).toBeGreaterThanOrEqual(2), 60_000);
  });
});
