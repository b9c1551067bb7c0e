import { Shelf, wants } from '../../test/support/object-shelf.ts';
import type { KubeObject } from '../api/meta.ts';
import { defaultRoles } from './default-roles.ts';
import { impersonated } from './impersonation.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import { RbacAuthorizer, rulesCover } from './rbac.ts';
import type { UserInfo } from './user.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

describe('roles', () => {
  const shelf = () => {
    const objects = new Shelf();
    for (const { plural, object } of defaultRoles()) objects.put(`${rbacGroup}/${plural}`, object);
    const bind = (name: string, role: string, namespace?: string) => {
      const binding = {
        metadata: { name, namespace },
        roleRef: { kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'User', name }],
      };
      objects.put(`${rbacGroup}/${namespace ? 'rolebindings' : 'clusterrolebindings'}`, binding as KubeObject);
    };
    bind('viewer', 'view');
    bind('editor', 'edit', 'n');
    bind('chief', 'cluster-admin');
    return objects;
  };
  const authorizer = new RbacAuthorizer(shelf());
  const user = (name: string): UserInfo => ({ name, groups: ['system:authenticated'] });

  const cases: Array<[who: string, verb: string, path: string, namespace: string | undefined, allowed: boolean]> = [
    ['viewer', 'list', '/pods', undefined, true],
    ['viewer', 'get', '/secrets', 'n', false],
    ['viewer', 'create', '/pods', 'n', false],
    ['editor', 'create', 'apps/deployments', 'n', true],
    ['editor', 'create', 'apps/deployments', 'm', false],
    ['editor', 'get', '/pods/log', 'n', true],
    ['editor', 'create', `${rbacGroup}/roles`, 'n', false],
    ['chief', 'escalate', `${rbacGroup}/clusterroles`, undefined, true],
    ['nobody', 'get', '/pods', 'n', false],
    ['nobody', 'create', 'authorization.k8s.io/selfsubjectaccessreviews', undefined, true],
    ['system:kube-scheduler', 'create', '/pods/binding', 'n', true],
    ['system:kube-controller-manager', 'update', 'apps/replicasets/status', 'n', true],
  ];
  it.each(cases)('%s may %s %s in %s: %s', (who, verb, path, namespace, allowed) => {
    expect(authorizer.authorize(user(who), wants(verb, path, { namespace })).verdict).toBe(allowed ? 'allow' : 'none');
  });

  it('cover each other rule by rule', () => {
    const rule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };
    expect(rulesCover([rule], { ...rule, verbs: ['get'] })).toBe(true);
    expect(rulesCover([rule], { ...rule, verbs: ['get', 'delete'] })).toBe(false);
    expect(rulesCover([{ ...rule, resourceNames: ['a'] }], rule)).toBe(false);
    expect(rulesCover([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], rule)).toBe(true);
  });

  it('let those act as others who may', () => {
    const asOther = (name: string) => impersonated(authorizer, user(name), { 'impersonate-user': 'bob' });
    expect(asOther('chief')).toMatchObject({ name: 'bob', groups: ['system:authenticated'] });
    expect(() => asOther('viewer')).toThrow(/cannot impersonate resource "users"/);
    expect(() => impersonated(authorizer, user('chief'), { 'impersonate-group': 'g' })).toThrow(/must be impersonated/);
  });
});

describe('the node authorizer', () => {
  const pod = {
    metadata: { name: 'p', namespace: 'n' },
    spec: { nodeName: 'mine', volumes: [{ name: 'v', secret: { secretName: 's' } }], containers: [] },
  };
  const authorizer = new NodeAuthorizer(new Shelf().put('/pods', pod as KubeObject));
  const node: UserInfo = { name: 'system:node:mine', groups: ['system:nodes'] };
  const cases: Array<[verb: string, path: string, at: { namespace?: string; name?: string }, allowed: boolean]> = [
    ['get', '/secrets', { namespace: 'n', name: 's' }, true],
    ['get', '/secrets', { namespace: 'n', name: 'other' }, false],
    ['list', '/secrets', { namespace: 'n' }, false],
    ['get', '/configmaps', { namespace: 'm', name: 's' }, false],
    ['patch', '/nodes/status', { name: 'mine' }, true],
    ['patch', '/nodes/status', { name: 'theirs' }, false],
    ['patch', '/pods/status', { namespace: 'n', name: 'p' }, true],
    ['patch', '/pods/status', { namespace: 'n', name: 'q' }, false],
    ['create', '/serviceaccounts/token', { namespace: 'n', name: 'default' }, true],
    ['create', '/serviceaccounts/token', { namespace: 'n', name: 'admin' }, false],
    ['update', 'coordination.k8s.io/leases', { namespace: 'kube-node-lease', name: 'mine' }, true],
    ['update', 'coordination.k8s.io/leases', { namespace: 'kube-node-lease', name: 'theirs' }, false],
    ['delete', 'apps/deployments', { namespace: 'n', name: 'd' }, false],
  ];
  it.each(cases)('%s %s %j: %s', (verb, path, at, allowed) => {
    expect(authorizer.authorize(node, wants(verb, path, at)).verdict).toBe(allowed ? 'allow' : 'none');
  });
});
