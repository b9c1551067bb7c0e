import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1PodSpec } from '../api/gen/types.ts';
import { detailText, violations } from './podsecurity/standards.ts';
import type { Version } from './podsecurity/version.ts';

const hardened = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

const podOf = (name: string, securityContext: object = {}, spec: object = {}) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name },
  spec: { containers: [{ name: 'x', image: 'i', securityContext }], ...spec },
});

const plain =
  'allowPrivilegeEscalation != false (container "x" must set securityContext.allowPrivilegeEscalation=false), ' +
  'unrestricted capabilities (container "x" must set securityContext.capabilities.drop=["ALL"]), ' +
  'runAsNonRoot != true (pod or container "x" must set securityContext.runAsNonRoot=true), ' +
  'seccompProfile (pod or container "x" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

describe('the standards', () => {
  const container = (securityContext: object, more: object = {}): V1PodSpec =>
    ({ containers: [{ name: 'x', image: 'i', securityContext, ...more }] }) as V1PodSpec;
  const cases: Array<{
    name: string;
    level?: 'baseline' | 'restricted';
    version?: Version;
    spec: V1PodSpec;
    annotations?: Record<string, string>;
    want: string;
  }> = [
    { name: 'let hardened pods pass', level: 'restricted', spec: container(hardened), want: '' },
    { name: 'name all that a plain pod lacks', level: 'restricted', spec: container({}), want: plain },
    { name: 'let plain pods pass the baseline', spec: container({}), want: '' },
    {
      name: 'know which version asks for what',
      level: 'restricted',
      version: 7,
      spec: container({ capabilities: { add: ['SYS_TIME'] } }),
      want:
        'non-default capabilities (container "x" must not include "SYS_TIME" in securityContext.capabilities.add), ' +
        'runAsNonRoot != true (pod or container "x" must set securityContext.runAsNonRoot=true)',
    },
    {
      name: 'forbid the ways to the node',
      spec: {
        ...container({ privileged: true }, { ports: [{ containerPort: 80, hostPort: 80 }] }),
        hostNetwork: true,
        hostPID: true,
        volumes: [{ name: 'v', hostPath: { path: '/' } }],
      },
      want:
        'host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume "v"), ' +
        'hostPort (container "x" uses hostPort 80), ' +
        'privileged (container "x" must not set securityContext.privileged=true)',
    },
    {
      name: 'forbid unconfined profiles of pod and containers',
      spec: {
        ...container({ seccompProfile: { type: 'Unconfined' }, appArmorProfile: { type: 'Unconfined' } }),
        securityContext: { seccompProfile: { type: 'Unconfined' }, sysctls: [{ name: 'kernel.msgmax', value: '1' }] },
      },
      annotations: { 'container.apparmor.security.beta.kubernetes.io/x': 'unconfined' },
      want:
        'forbidden AppArmor profiles (container "x" and annotation must not set AppArmor profile type to "Unconfined", ' +
        '"container.apparmor.security.beta.kubernetes.io/x="unconfined""), ' +
        'seccompProfile (pod and container "x" must not set securityContext.seccompProfile.type to "Unconfined"), ' +
        'forbidden sysctls (kernel.msgmax)',
    },
    {
      name: 'forbid foreign labels of SELinux',
      spec: container({ seLinuxOptions: { type: 'spc_t', user: 'u' } }),
      want:
        'seLinuxOptions (container "x" set forbidden securityContext.seLinuxOptions: ' +
        'type "spc_t"; user may not be set)',
    },
    {
      name: 'forbid probes of other hosts',
      spec: container({}, { livenessProbe: { httpGet: { port: 80, host: 'example.com' } } }),
      want: 'probe or lifecycle host (container "x" uses probe or lifecycle host "example.com")',
    },
    {
      name: 'let root be root among users of its own',
      level: 'restricted',
      spec: { ...container({ ...hardened, runAsNonRoot: false, runAsUser: 0 }), hostUsers: false },
      want: '',
    },
    {
      name: 'restrict volumes to what is portable',
      level: 'restricted',
      spec: { ...container(hardened), volumes: [{ name: 'n', nfs: { server: 's', path: '/' } }] },
      want: 'restricted volume types (volume "n" uses restricted volume type "nfs")',
    },
  ];
  it.each(cases)('$name', ({ level = 'baseline', version = 'latest', spec, annotations, want }) => {
    expect(detailText(violations({ level, version }, { metadata: { annotations }, spec }))).toBe(want);
  });
});

describe('namespaces with a standard', () => {
  let scratch: ScratchRegistry;
  let warnings: string[];

  beforeEach(async () => {
    scratch = await openScratchRegistry();
    warnings = [];
  });

  afterEach(() => scratch.close());

  const request = () => asks({ warn: (text) => warnings.push(text) });
  const label = (labels: Record<string, string>) => {
    const body = { metadata: { labels: Object.fromEntries(Object.entries(labels).map(([k, v]) => [key(k), v])) } };
    const patch = { ...request(), type: 'merge' as const, body, complaints: [], force: false };
    return scratch.service('namespaces').patch({ name: 'x' }, patch);
  };
  const key = (name: string) => `pod-security.kubernetes.io/${name}`;
  const create = (path: string, object: object) =>
    scratch.service(path).create({ namespace: 'x' }, bodyOf(object), request());

  it('refuse pods that violate it', async () => {
    await label({ enforce: 'restricted', 'enforce-version': 'v1.30' });
    await expect(create('pods', podOf('p'))).rejects.toMatchObject({
      reason: 'Forbidden',
      message: `pods "p" is forbidden: violates PodSecurity "restricted:v1.30": ${plain}`,
    });
    await create('pods', podOf('q', hardened));
    expect(warnings).toEqual([]);
  });

  it('warn of pods and workloads that violate it', async () => {
    await label({ warn: 'baseline' });
    const privileged = podOf('p', { privileged: true });
    await create('pods', privileged);
    const template = { metadata: { labels: { a: 'b' } }, spec: privileged.spec };
    const spec = { selector: { matchLabels: { a: 'b' } }, template };
    await create('apps/v1/deployments', { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'd' }, spec });
    const warning =
      'would violate PodSecurity "baseline:latest": ' +
      'privileged (container "x" must not set securityContext.privileged=true)';
    expect(warnings).toEqual([warning, warning]);
  });

  it('warn of workloads by what is enforced, and let them be', async () => {
    await label({ enforce: 'baseline' });
    const spec = { template: { spec: { ...podOf('p', { privileged: true }).spec, restartPolicy: 'Never' } } };
    await create('batch/v1/jobs', { kind: 'Job', apiVersion: 'batch/v1', metadata: { name: 'j' }, spec });
    expect(warnings).toEqual([expect.stringMatching(/^would violate PodSecurity "baseline:latest": privileged/)]);
  });

  it('warn of pods that stand already when it is tightened', async () => {
    await create('pods', podOf('b', { privileged: true }));
    await create('pods', podOf('a', { privileged: true }));
    await create('pods', podOf('c', {}, { hostPID: true }));
    await label({ enforce: 'baseline' });
    expect(warnings).toEqual([
      'existing pods in namespace "x" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 1 other pod): privileged',
      'c: host namespaces',
    ]);
    warnings = [];
    await label({ enforce: 'privileged' });
    expect(warnings).toEqual([]);
  });

  it('refuse labels that name none', async () => {
    await expect(label({ enforce: 'strict', 'warn-version': '1.2' })).rejects.toMatchObject({
      reason: 'Invalid',
      message:
        'Namespace "x" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": ' +
        'must be one of privileged, baseline, restricted, ' +
        'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"]',
    });
  });
});
