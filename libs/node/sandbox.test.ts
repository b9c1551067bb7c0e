import { containerOf, podOf } from '../../test/support/observed.ts';
import type { V1PodSpec } from '../api/gen/types.ts';
import { sandboxConfigOf } from './sandbox.ts';

describe('sandboxConfigOf', () => {
  const config = (spec: Partial<V1PodSpec>) =>
    sandboxConfigOf({
      pod: podOf(spec),
      attempt: 0,
      cgroupParent: '/x',
      logDirectory: '/l',
      dns: { servers: [], domain: 'd', resolvConf: '/dev/null' },
    });

  it('shares what the pod shares', () => {
    expect(config({ hostNetwork: true, hostPID: true, hostIPC: true })).toMatchObject({
      hostname: '',
      security: { namespaces: { network: 'node', pid: 'node', ipc: 'node' } },
    });
    expect(config({ shareProcessNamespace: true }).security.namespaces.pid).toBe('pod');
  });

  it('maps host ports', () => {
    const containers = [containerOf('c', { ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }] })];
    const mapping = { protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '' };
    expect(config({ containers }).portMappings).toEqual([mapping]);
  });

  it('refuses a full name that is too long', () => {
    const spec = { setHostnameAsFQDN: true, hostname: 'h'.repeat(60), subdomain: 'sub' };
    expect(() => config(spec)).toThrow('too long (64 characters is the max');
  });
});
