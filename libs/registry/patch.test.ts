import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Deployment } from '../api/gen/types.ts';
import type { PatchRequest } from './requests.ts';

const podSpec = { containers: [{ name: 'a', image: 'a' }] };
const spec = {
  replicas: 2,
  selector: { matchLabels: { app: 'x' } },
  template: { metadata: { labels: { app: 'x' } }, spec: podSpec },
};
const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'u' };

describe('patching a deployment', () => {
  let scratch: ScratchRegistry;
  let warnings: string[];
  const at = { namespace: 'x', name: 'd' };
  const service = () => scratch.service('apps/v1/deployments');
  const asking = () => ({ ...asks(), warn: (text: string) => warnings.push(text) });
  const patch = (type: PatchRequest['type'], body: unknown, more: Partial<PatchRequest> = {}) =>
    service().patch(at, { ...asking(), type, body, complaints: [], force: false, ...more });
  const stored = async () => (await service().get(at)).object as V1Deployment;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
    warnings = [];
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec };
    await service().create({ namespace: 'x' }, bodyOf(body), asking());
  });

  afterEach(() => scratch.close());

  it.each<[string, PatchRequest['type'], object, string | undefined]>([
    ['a strategic patch does not reach its kind', 'strategic', { kind: 'Secret', apiVersion: 'v2' }, undefined],
    ['a merge patch may leave it without its kind', 'merge', { kind: null }, undefined],
    ['a merge patch cannot make it another kind', 'merge', { kind: 'Secret' }, 'Invalid'],
    ['a merge patch cannot take its version', 'merge', { apiVersion: null }, 'BadRequest'],
    ['what is applied must say what it is', 'apply', { metadata: { name: 'd' } }, 'BadRequest'],
  ])('%s', async (_what, type, body, reason) => {
    const patched = patch(type, body);
    if (reason) await expect(patched).rejects.toMatchObject({ reason });
    else await expect(patched).resolves.toMatchObject({ document: { object: { kind: 'Deployment' } } });
  });

  it('names each owner once, and says so', async () => {
    await patch('merge', { metadata: { ownerReferences: [owner, { ...owner, uid: 'v' }, owner] } });
    expect((await stored()).metadata?.ownerReferences?.map(({ uid }) => uid)).toEqual(['u', 'v']);
    expect(warnings).toEqual([expect.stringContaining(': u')]);
  });

  it('tells of its pods when it asks for others, and only then', async () => {
    const twice = { ...podSpec, containers: [{ ...podSpec.containers[0], env: [{ name: 'A' }, { name: 'A' }] }] };
    await patch('merge', { spec: { template: { spec: twice } } });
    expect(warnings).toEqual([expect.stringContaining('env[1]')]);
    await patch('merge', { metadata: { labels: { a: 'b' } } });
    expect(warnings).toHaveLength(1);
  });

  it('takes the replicas from their owner when its scale is put, and gives them to nobody', async () => {
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'd' }, spec: { replicas: 5 } };
    await service().update(at, bodyOf(scale), { ...asking(), subresource: 'scale' });
    const { spec: changed, metadata } = await stored();
    expect(changed?.replicas).toBe(5);
    expect(metadata?.managedFields).toHaveLength(1);
    expect(JSON.stringify(metadata?.managedFields)).not.toContain('f:replicas');
    await patch('merge', { spec: { replicas: 6 } }, { subresource: 'scale' });
    expect((await stored()).metadata?.managedFields?.map(({ subresource }) => subresource)).toContain('scale');
  });
});
