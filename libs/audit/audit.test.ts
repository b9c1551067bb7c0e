import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestAttributes } from '../auth/attributes.ts';
import type { UserInfo } from '../auth/user.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { type Metrics, noMetrics } from '../base/metrics.ts';
import { seededRandom } from '../base/random.ts';
import { Auditor } from './auditor.ts';
import { AuditLog } from './log.ts';
import { AuditPolicy } from './policy.ts';

const jane: UserInfo = { name: 'jane', groups: ['dev', 'system:authenticated'] };
const at = (verb: string, path: string): RequestAttributes => {
  const [group = '', plural = '', subresource, namespace, name] = path.split('|');
  return {
    verb,
    path: '',
    resource: { group, version: 'v1', plural, subresource: subresource || undefined, namespace, name },
  };
};
const head = 'kind: Policy\napiVersion: audit.k8s.io/v1\n';

const rules: Array<[string, string, RequestAttributes, string]> = [
  ['users', '{ level: Request, users: [jane] }', at('get', '|pods'), 'Request'],
  ['other users', '{ level: Request, users: [joe] }', at('get', '|pods'), 'None'],
  ['groups', '{ level: Metadata, userGroups: [ops, dev] }', at('get', '|pods'), 'Metadata'],
  ['verbs', '{ level: Metadata, verbs: [create] }', at('get', '|pods'), 'None'],
  ['a resource', '{ level: Metadata, resources: [{ group: "", resources: [pods] }] }', at('get', '|pods'), 'Metadata'],
  [
    'no subresource',
    '{ level: Metadata, resources: [{ group: "", resources: [pods] }] }',
    at('get', '|pods|log'),
    'None',
  ],
  ['a subresource', '{ level: Metadata, resources: [{ resources: [pods/log] }] }', at('get', '|pods|log'), 'Metadata'],
  ['all subresources', '{ level: Metadata, resources: [{ resources: [pods/*] }] }', at('get', '|pods|log'), 'Metadata'],
  [
    'a part of any',
    '{ level: Metadata, resources: [{ resources: ["*/status"] }] }',
    at('get', '|pods|status'),
    'Metadata',
  ],
  ['a whole group', '{ level: Metadata, resources: [{ group: apps }] }', at('get', 'apps|deployments'), 'Metadata'],
  ['another group', '{ level: Metadata, resources: [{ group: apps }] }', at('get', '|pods'), 'None'],
  [
    'names',
    '{ level: Metadata, resources: [{ resources: [pods], resourceNames: [a] }] }',
    at('get', '|pods||x|a'),
    'Metadata',
  ],
  ['namespaces', '{ level: Metadata, namespaces: [x] }', at('get', '|pods||x|a'), 'Metadata'],
  ['the cluster scope', '{ level: Metadata, namespaces: [""] }', at('get', '|nodes'), 'Metadata'],
  ['paths', '{ level: Metadata, nonResourceURLs: [/healthz*] }', { verb: 'get', path: '/healthz/x' }, 'Metadata'],
  ['paths but resources', '{ level: Metadata, nonResourceURLs: ["*"] }', at('get', '|pods'), 'None'],
];

it.each(rules)('decides by %s', (_, rule, attributes, level) => {
  expect(new AuditPolicy(`${head}rules:\n- ${rule}\n`).decide(jane, attributes).level).toBe(level);
});

it.each([
  ['kind: Policy', /audit.k8s.io/],
  [`${head}rules: []`, /at least one rule/],
  [`${head}rules: [{ level: All }]`, /rules\[0\].*level/],
  [`${head}rules: [{ level: None, omitStages: [Now] }]`, /Now is no stage/],
  [`${head}rules: [{ level: None, namespaces: [a], nonResourceURLs: [/] }]`, /exclude each other/],
])('refuses %j', (text, message) => {
  expect(() => new AuditPolicy(text)).toThrow(message);
});

describe('the log', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'audit-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const open = async (more: { sizeBytesMax?: number; backupsMax?: number; metrics?: Metrics } = {}) => {
    const { sizeBytesMax = 0, backupsMax = 0, metrics = noMetrics } = more;
    const path = join(folder, 'audit.log');
    const log = new AuditLog({ path, sizeBytesMax, backupsMax, clock: systemClock, logger: silentLogger, metrics });
    await log.open();
    return log;
  };
  const lines = () => readFileSync(join(folder, 'audit.log'), 'utf8').trim().split('\n');

  it('says who asked for what, stage by stage', async () => {
    const policy = new AuditPolicy(`${head}rules:\n- { level: RequestResponse, omitManagedFields: true }\n`);
    const log = await open();
    const auditor = new Auditor({ policy, log, clock: systemClock, random: seededRandom(1), metrics: noMetrics });
    const attributes = at('create', '|pods||x|a');
    const request = { attributes, user: jane, uri: '/api?x', sourceIps: ['10.0.0.1'], userAgent: 'kubectl' };
    const trail = auditor.begin(request);
    trail?.actAs({ name: 'joe', groups: [] });
    trail?.annotate('a', 'b');
    trail?.stage('ResponseComplete', { code: 201, responseObject: { metadata: { name: 'a', managedFields: [] } } });
    trail?.stage('ResponseComplete', { code: 500 });
    await auditor.close();
    const events = lines().map((line) => JSON.parse(line));
    expect(events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseComplete']);
    expect(events[1]).toMatchObject({
      level: 'RequestResponse',
      auditID: events[0].auditID,
      requestURI: '/api?x',
      user: { username: 'jane' },
      impersonatedUser: { username: 'joe' },
      sourceIPs: ['10.0.0.1'],
      objectRef: { resource: 'pods', namespace: 'x', name: 'a', apiVersion: 'v1' },
      responseStatus: { code: 201 },
      responseObject: { metadata: { name: 'a' } },
      annotations: { a: 'b' },
    });
    expect(events[1].responseObject.metadata).not.toHaveProperty('managedFields');
  });

  it('begins new files, and keeps as many old ones as it may', async () => {
    const log = await open({ sizeBytesMax: 100_000, backupsMax: 2 });
    for (let count = 0; count < 12; count++) log.add('x'.repeat(300_000));
    await log.close();
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(3);
    expect(names.at(-1)).toBe('audit.log');
  });

  it('drops what nobody can write in time, and counts it', async () => {
    let dropped = 0;
    const add = (amount: number) => {
      dropped += amount;
    };
    const log = await open({ metrics: { ...noMetrics, counter: () => ({ add }) } });
    for (let count = 0; count < 50; count++) log.add('x'.repeat(1_000_000));
    await log.close();
    expect(dropped).toBe(17);
    expect(lines()).toHaveLength(33);
  });
});
