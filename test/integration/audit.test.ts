import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Auditor } from '../../libs/audit/auditor.ts';
import { AuditLog } from '../../libs/audit/log.ts';
import { AuditPolicy } from '../../libs/audit/policy.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { openScratchApiServer, type ScratchApiServer } from '../support/api-server.ts';

const policy = `
kind: Policy
apiVersion: audit.k8s.io/v1
omitStages: [RequestReceived]
rules:
- { level: None, verbs: [get], nonResourceURLs: [/readyz] }
- { level: RequestResponse, omitManagedFields: true, resources: [{ resources: [configmaps] }] }
- { level: Metadata }
`;

describe('the audit log', () => {
  let scratch: ScratchApiServer;
  let folder: string;
  let auditor: Auditor;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'audit-'));
    const tools = { clock: systemClock, logger: silentLogger, metrics: noMetrics, random: systemRandom };
    const log = new AuditLog({ path: join(folder, 'log'), sizeBytesMax: 0, backupsMax: 0, ...tools });
    await log.open();
    auditor = new Auditor({ policy: new AuditPolicy(policy), log, ...tools });
    scratch = await openScratchApiServer({ auditor, staticTokens: 'secret,jane,7,"dev"' });
  });

  afterAll(async () => {
    await scratch.close();
    rmSync(folder, { recursive: true });
  });

  const path = '/api/v1/namespaces/default/configmaps';

  it('says what was asked and answered, over either version of HTTP, and who was refused', async () => {
    const body = JSON.stringify({ metadata: { name: 'a' }, data: { k: 'v' } });
    const created = await scratch.send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const session = scratch.connect();
    await new Promise<void>((resolve) => {
      const stream = session.request({ ':path': `${path}/a` });
      stream.on('close', () => session.close(resolve)).resume();
    });
    await scratch.send('/readyz');
    await scratch.send(`${path}?watch=true&timeoutSeconds=1`);
    await scratch.send('/api/v1/nodes', { headers: { authorization: 'Bearer secret' } });
    await scratch.send('/api/v1/nodes', { headers: { authorization: 'Bearer wrong' } });
    await scratch.send('/api/v1/nodes', { headers: { 'impersonate-user': 'joe' } });
    await sleep(systemClock, 100);
    await auditor.close();

    const events = readFileSync(join(folder, 'log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const words = events.map(({ stage, verb, user, responseStatus }) => [
      stage,
      verb,
      user.username,
      responseStatus.code,
    ]);
    expect(words).toEqual([
      ['ResponseComplete', 'create', 'kubernetes-admin', 201],
      ['ResponseComplete', 'get', 'kubernetes-admin', 200],
      ['ResponseStarted', 'watch', 'kubernetes-admin', 200],
      ['ResponseComplete', 'watch', 'kubernetes-admin', 200],
      ['ResponseComplete', 'list', 'jane', 403],
      ['ResponseComplete', 'list', undefined, 401],
      ['ResponseComplete', 'list', 'kubernetes-admin', 403],
    ]);
    expect(events[0]).toMatchObject({
      auditID: created.headers['audit-id'],
      requestObject: { data: { k: 'v' } },
      responseObject: { kind: 'ConfigMap', metadata: { name: 'a' } },
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    });
    expect(events[0].responseObject.metadata).not.toHaveProperty('managedFields');
    expect(events[1]).toMatchObject({ responseObject: { data: { k: 'v' } } });
    expect(events[4].annotations).toMatchObject({ 'authorization.k8s.io/decision': 'forbid' });
    expect(events[6].impersonatedUser).toMatchObject({ username: 'joe' });
  });
});
