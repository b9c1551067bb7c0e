import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../libs/base/log.ts';
import { type ClusterPki, ensureClusterPki } from '../../libs/pki/cluster.ts';
import { type NodeIdentity, readNodeIdentity } from '../../libs/pki/identity.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { CertificateRenewal, needsRenewal } from './renewal.ts';

const dayMs = 86_400_000;
let directory: string;
let pki: ClusterPki;
let identity: NodeIdentity;
let clock: FakeClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-renewal-'));
  clock = new FakeClock();
  pki = await ensureClusterPki(join(directory, 'pki'), { names: [], ips: [] }, clock);
  identity = { ...(await pki.node('n1')), ca: pki.ca.certificate };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it.each([
  [0, false],
  [200, false],
  [300, true],
  [400, true],
])('after %s days asks for another: %s', (days, expected) => {
  expect(needsRenewal(identity.certificate, clock.now() + days * dayMs)).toBe(expected);
});

it('renews in time, tries again after a failure, and keeps the new identity', async () => {
  await clock.advance(300 * dayMs);
  const stopping = new AbortController();
  let asked = 0;
  const renewal = new CertificateRenewal({
    home: join(directory, 'agent'),
    identity,
    certify: async (request) => {
      asked++;
      if (asked === 1) throw new Error('away');
      return await pki.signNodeRequest('n1', request);
    },
    clock,
    logger: silentLogger,
    signal: stopping.signal,
  });
  const running = renewal.run();
  // Keys and files take real time; the clock moves only to let the second attempt begin.
  while (asked < 1) await clock.settle();
  while (asked < 2) await clock.advance(1_000);
  while (renewal.identity === identity) await clock.settle();
  expect(asked).toBe(2);
  expect(await readNodeIdentity(join(directory, 'agent'))).toEqual(renewal.identity);
  stopping.abort(new Error('done'));
  await running;
});
