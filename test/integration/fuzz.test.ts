import { builtinKinds } from '../../libs/api/kinds/index.ts';
import { reviews } from '../../libs/api/kinds/review.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { RequestMaker } from '../fuzz/requests.ts';
import { fuzz } from '../fuzz/run.ts';
import { openScratchApiServer, type ScratchApiServer } from '../support/api-server.ts';

const requests = 2_000;

describe('an API server that is sent nonsense', () => {
  let scratch: ScratchApiServer;

  beforeAll(async () => {
    scratch = await openScratchApiServer();
  });

  afterAll(() => scratch.close());

  it('answers all of it below 500, and what makes sense as before', async () => {
    const { ca, cert, key } = scratch.credentials;
    const target = { port: scratch.server.port, ca, certificate: cert, key };
    const maker = new RequestMaker(seededRandom(42), [...builtinKinds, ...reviews]);
    const report = await fuzz(target, maker, { count: requests, concurrency: 4, clock: systemClock });
    expect(report.findings).toEqual([]);
    expect(report.requests).toBe(requests);
    // Not all of it is refused: some of it gets as far as the store.
    expect(report.codes['201']).toBeGreaterThan(20);
    expect((await scratch.send('/readyz')).code).toBe(200);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  }, 120_000);
});
