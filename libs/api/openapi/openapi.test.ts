import { builtinKinds } from '../kinds/index.ts';
import { OpenApi } from './openapi.ts';

const openapi = new OpenApi(() => builtinKinds);
const parsed = async (path: string) => JSON.parse((await openapi.groupVersion(path))?.bytes.toString() ?? 'null');

/** Every `$ref` in a document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

describe('OpenAPI v3', () => {
  test('the index names each document with its hash', async () => {
    const { paths } = await openapi.index();
    const document = await openapi.groupVersion('apis/apps/v1');
    expect(paths).toMatchObject({
      'api/v1': { serverRelativeURL: expect.stringMatching(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/) },
      'apis/apps/v1': { serverRelativeURL: `/openapi/v3/apis/apps/v1?hash=${document?.hash}` },
    });
    expect(await openapi.groupVersion('apis/none.example.org/v1')).toBeUndefined();
  });

  test('patches name their kind and the parameters by which kubectl knows what the server can do', async () => {
    const { paths } = await parsed('apis/apps/v1');
    const { patch } = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'];
    expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: 'apps', version: 'v1', kind: 'Deployment' });
    expect(patch['x-kubernetes-action']).toBe('patch');
    expect(patch.operationId).toBe('patchAppsV1NamespacedDeployment');
    const names = patch.parameters.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    expect(Object.keys(patch.requestBody.content)).toContain('application/apply-patch+yaml');
  });

  test('definitions carry types, merge rules and descriptions', async () => {
    const { components } = await parsed('apis/apps/v1');
    const { schemas } = components;
    const container = schemas['io.k8s.api.core.v1.Container'];
    expect(container.required).toEqual(['name']);
    expect(container.properties.ports).toMatchObject({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
      'x-kubernetes-patch-merge-key': 'containerPort',
      'x-kubernetes-patch-strategy': 'merge',
    });
    expect(container.properties.resources.allOf).toEqual([
      { $ref: '#/components/schemas/io.k8s.api.core.v1.ResourceRequirements' },
    ]);
    expect(schemas['io.k8s.api.core.v1.ContainerPort'].properties.protocol.default).toBe('TCP');
    expect(schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString'].oneOf).toHaveLength(2);
    expect(schemas['io.k8s.api.apps.v1.Deployment']).toMatchObject({
      description: expect.stringMatching(/./),
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    });
  });

  test('definitions say which words a field takes and what it is when it is not given', async () => {
    const { schemas } = (await parsed('api/v1')).components;
    const properties = (name: string) => schemas[`io.k8s.api.core.v1.${name}`].properties;
    expect(properties('Container').imagePullPolicy.enum).toEqual(['Always', 'IfNotPresent', 'Never']);
    expect(properties('HostPathVolumeSource').type.enum).toContain('');
    expect(properties('PersistentVolumeClaimSpec').accessModes.items.enum).toContain('ReadWriteOncePod');
    expect(properties('Container').name.default).toBe('');
    expect(properties('Pod').spec.default).toEqual({});
    expect(properties('ReplicationControllerSpec').replicas.default).toBe(1);
    expect(properties('FileKeySelector').optional.default).toBe(false);
    expect(properties('Container').image.default).toBeUndefined();
    const usages = (await parsed('apis/certificates.k8s.io/v1')).components.schemas[
      'io.k8s.api.certificates.v1.CertificateSigningRequestSpec'
    ].properties.usages;
    expect(usages.items.enum).toContain('client auth');
  });

  test('definitions name what takes many forms, and tell objects from references to them', async () => {
    const { schemas } = (await parsed('apis/apps/v1')).components;
    const data = schemas['io.k8s.api.apps.v1.ControllerRevision'].properties.data;
    expect(data.allOf).toEqual([{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.runtime.RawExtension' }]);
    expect(schemas['io.k8s.apimachinery.pkg.runtime.RawExtension'].type).toBe('object');
    const core = (await parsed('api/v1')).components.schemas;
    expect(core['io.k8s.api.core.v1.ObjectReference']['x-kubernetes-group-version-kind']).toBeUndefined();
    expect(core['io.k8s.api.core.v1.PodList'].properties.items['x-kubernetes-list-type']).toBeUndefined();
  });

  test('every reference leads to a definition', async () => {
    for (const path of Object.keys((await openapi.index()).paths as object)) {
      const document = await parsed(path);
      const missing = references(document)
        .map((reference) => reference.replace('#/components/schemas/', ''))
        .filter((name) => !(name in document.components.schemas));
      expect([path, missing]).toEqual([path, []]);
    }
  });

  test('every served kind has paths and a definition', async () => {
    for (const { group, version, plural, namespaced, verbs } of builtinKinds) {
      const root = group === '' ? `api/${version}` : `apis/${group}/${version}`;
      const document = await parsed(root);
      const path = `/${root}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}`;
      if (!verbs || verbs.includes('create')) expect(Object.keys(document.paths)).toContain(path);
    }
  });

  test('operations without parameters of their own have no list of them, as one that is read and written again', async () => {
    const { paths } = await parsed('api/v1');
    const lists = Object.values<Record<string, { parameters?: unknown[] }>>(paths).flatMap((item) =>
      Object.values(item).map(({ parameters }) => parameters),
    );
    expect(lists.filter((list) => list?.length === 0)).toEqual([]);
  });

  test('parameters that all operations of a path take stand beside them, others with their operation', async () => {
    const { paths } = await parsed('api/v1');
    const names = (of: { parameters?: Array<{ name: string }> }) => of.parameters?.map(({ name }) => name);
    const one = paths['/api/v1/namespaces/{namespace}/pods/{name}'];
    expect(names(one)).toEqual(['name', 'namespace', 'pretty']);
    expect(names(one.get)).toBeUndefined();
    expect(names(one.put)).toEqual(['dryRun', 'fieldManager', 'fieldValidation']);
    const everywhere = paths['/api/v1/pods'];
    expect(names(everywhere)).toEqual(expect.arrayContaining(['continue', 'labelSelector', 'pretty', 'watch']));
    expect(names(everywhere.get)).toBeUndefined();
    const exec = paths['/api/v1/namespaces/{namespace}/pods/{name}/exec'];
    expect(names(exec)).toEqual(['command', 'container', 'name', 'namespace', 'stderr', 'stdin', 'stdout', 'tty']);
  });

  test.each([
    ['/api/v1/', 'getCoreV1APIResources', undefined],
    ['/api/v1/watch/namespaces/{namespace}/pods', 'watchCoreV1NamespacedPodList', 'watchlist'],
    ['/api/v1/watch/namespaces/{namespace}/pods/{name}', 'watchCoreV1NamespacedPod', 'watch'],
    ['/api/v1/watch/pods', 'watchCoreV1PodListForAllNamespaces', 'watchlist'],
    ['/api/v1/namespaces/{namespace}/pods/{name}/exec', 'connectCoreV1GetNamespacedPodExec', 'connect'],
    ['/api/v1/nodes/{name}/proxy/{path}', 'connectCoreV1GetNodeProxyWithPath', 'connect'],
  ])('%s is described', async (path, operationId, action) => {
    const { get } = (await parsed('api/v1')).paths[path];
    expect([get.operationId, get['x-kubernetes-action']]).toEqual([operationId, action]);
  });

  test.each([
    ['api', '/api/', 'getCoreAPIVersions'],
    ['apis', '/apis/', 'getAPIVersions'],
    ['apis/apps', '/apis/apps/', 'getAppsAPIGroup'],
    ['version', '/version/', 'getCodeVersion'],
    ['openid/v1/jwks', '/openid/v1/jwks/', 'getServiceAccountIssuerOpenIDKeyset'],
  ])('%s is a document of its own', async (document, path, operationId) => {
    expect((await parsed(document)).paths[path].get.operationId).toBe(operationId);
  });

  test('options stand in the core and in the version that is described', async () => {
    const kinds = async (path: string) => {
      const { schemas } = (await parsed(path)).components;
      const gvks = schemas['io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions']['x-kubernetes-group-version-kind'];
      return gvks.map(({ group, version }: { group: string; version: string }) => `${group}/${version}`);
    };
    expect(await kinds('api/v1')).toEqual(['/v1']);
    expect(await kinds('apis/apps/v1')).toEqual(['/v1', 'apps/v1']);
  });

  test('deletions answer with a Status, or with what was deleted', async () => {
    const { paths } = await parsed('api/v1');
    const answer = (path: string) => paths[path].delete.responses['200'].content['application/json'].schema.$ref;
    expect(answer('/api/v1/namespaces/{namespace}/pods/{name}')).toMatch(/core\.v1\.Pod$/);
    expect(answer('/api/v1/namespaces/{namespace}/configmaps/{name}')).toMatch(/meta\.v1\.Status$/);
  });

  test('operation ids are given once', async () => {
    const { paths } = await parsed('api/v1');
    const ids = Object.values<Record<string, { operationId?: string }>>(paths).flatMap((item) =>
      Object.values(item).flatMap(({ operationId }) => operationId ?? []),
    );
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });
});

describe('OpenAPI v2', () => {
  test('has the paths and definitions of all groups', async () => {
    const document = JSON.parse((await openapi.v2()).bytes.toString());
    expect(document.swagger).toBe('2.0');
    expect(Object.keys(document.paths)).toContain('/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale');
    const known = new Set([
      ...Object.keys(document.definitions).map((name) => `#/definitions/${name}`),
      ...Object.keys(document.parameters).map((name) => `#/parameters/${name}`),
    ]);
    expect(references(document).filter((ref) => !known.has(ref))).toEqual([]);
  });

  test('says shared parameters once, but those by which clients learn what the server can do where they are taken', async () => {
    const { paths, parameters } = JSON.parse((await openapi.v2()).bytes.toString());
    const { patch } = paths['/api/v1/namespaces/{namespace}/pods/{name}'];
    const names = patch.parameters.map((one: { name?: string; $ref?: string }) => one.name ?? one.$ref);
    expect(names).toEqual([
      expect.stringMatching(/^#\/parameters\/body-/),
      'dryRun',
      expect.stringMatching(/^#\/parameters\/fieldManager-/),
      'fieldValidation',
      expect.stringMatching(/^#\/parameters\/force-/),
    ]);
    expect(parameters[names[4].replace('#/parameters/', '')]).toMatchObject({ name: 'force', in: 'query' });
  });

  test('says what takes a closed set of words, and nothing of defaults', async () => {
    const { definitions } = JSON.parse((await openapi.v2()).bytes.toString());
    const { protocol } = definitions['io.k8s.api.core.v1.ContainerPort'].properties;
    expect(protocol.enum).toEqual(['SCTP', 'TCP', 'UDP']);
    expect(protocol.default).toBeUndefined();
  });

  test('in protobuf is the same document, by its outermost fields', async () => {
    const { bytes } = await openapi.v2Protobuf();
    expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0x0a, 3, ...Buffer.from('2.0')]));
    expect(bytes.includes('io.k8s.api.core.v1.PodSpec')).toBe(true);
    expect(bytes.includes('fieldValidation')).toBe(true);
  });
});
