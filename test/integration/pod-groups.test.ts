import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scheduler } from '../../apps/scheduler/options.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { ensureClusterPki } from '../../libs/pki/cluster.ts';
import { makeNode } from '../support/make-node.ts';
import { type RunningServer, scheduleFor, startServerOver } from '../support/scheduling-server.ts';

const testMsMax = 60_000;
const definition = join(import.meta.dirname, '../../deploy/pod-groups.yaml');

const groupYaml = (minMember: number) => `
apiVersion: scheduling.x-k8s.io/v1alpha1
kind: PodGroup
metadata: { name: training }
spec: { minMember: ${minMember}, scheduleTimeoutSeconds: 20 }
`;
const podYaml = (name: string) => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { scheduling.x-k8s.io/pod-group: training } }
spec:
  automountServiceAccountToken: false
  containers: [{ name: c, image: i, resources: { requests: { cpu: '1' } } }]
`;

describe('pod groups by the definition in deploy/', () => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-groups-'));
  let server: RunningServer;
  let scheduler: Scheduler;
  // Not synchronously: the server lives in this process.
  const kubectl = async (args: string, input = ''): Promise<string> => {
    const env = { ...process.env, KUBECONFIG: server.kubeconfig };
    const running = promisify(execFile)('kubectl', args.split(' '), { env });
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  const until = async (args: string, wanted: string) => {
    for (let round = 0; round < 200 && (await kubectl(args)) !== wanted; round++) await sleep(systemClock, 50);
    expect(await kubectl(args)).toBe(wanted);
  };
  const groupState = 'get podgroup training -o jsonpath={.status.phase},{.status.scheduled}';
  const nodeNames = 'get pods -o jsonpath={.items[*].spec.nodeName}';

  beforeAll(async () => {
    const home = join(directory, 'home');
    const pki = await ensureClusterPki(
      join(directory, 'pki'),
      { names: ['localhost'], ips: ['127.0.0.1'] },
      systemClock,
    );
    server = await startServerOver('embedded', home, { pki });
    scheduler = await scheduleFor(server);
    await scheduler.ready;
    await server.client.create(nodes, makeNode('n1').allocatable({ cpu: '2', pods: '50' }).build());
    await kubectl('create serviceaccount default');
  }, testMsMax);
  afterAll(async () => {
    await scheduler.stop();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it(
    'are placed whole, say how far they are, and follow changes of their object',
    async () => {
      await kubectl(`apply -f ${definition}`);
      await kubectl('wait --for=condition=Established crd/podgroups.scheduling.x-k8s.io --timeout=20s');
      await kubectl('apply -f -', groupYaml(3));
      for (const name of ['a', 'b', 'c']) await kubectl('apply -f -', podYaml(name));
      await until(groupState, 'Pending,0');
      expect(await kubectl(nodeNames)).toBe('');
      expect(await kubectl('get podgroup training')).toMatch(
        /NAME +PHASE +MINMEMBER +SCHEDULED +AGE\ntraining +Pending +3 +0/,
      );
      await server.client.create(nodes, makeNode('n2').allocatable({ cpu: '1', pods: '50' }).build());
      await until(groupState, 'Scheduled,3');
      expect((await kubectl(nodeNames)).split(' ').sort()).toEqual(['n1', 'n1', 'n2']);
      await kubectl('apply -f -', podYaml('d'));
      await until('get pod d -o jsonpath={.status.conditions[0].reason}', 'Unschedulable');
    },
    testMsMax,
  );
});
