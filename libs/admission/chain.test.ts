import { sleep, systemClock } from '../base/clock.ts';
import type { AdmissionAttributes } from '../registry/parts.ts';
import { AdmissionChain, type AdmissionPlugin } from './chain.ts';

const of = (more: object = {}) =>
  ({ operation: 'create', definition: { group: '', plural: 'pods' }, at: {}, ...more }) as AdmissionAttributes;

describe('the chain', () => {
  let ran: string[] = [];
  const plugin = (name: string, more: Partial<AdmissionPlugin> = {}): AdmissionPlugin => ({
    name,
    admit: () => void ran.push(`admit ${name}`),
    validate: () => void ran.push(`validate ${name}`),
    ...more,
  });
  const slow = () => sleep(systemClock, 1).then(() => void ran.push('admit slow'));
  const chain = new AdmissionChain([
    plugin('first'),
    plugin('slow', { resources: ['/secrets'], admit: slow }),
    plugin('hooks', { connects: true }),
  ]);

  beforeEach(() => {
    ran = [];
  });

  it('answers at once where nobody waits', () => {
    expect(chain.admit(of())).toBeUndefined();
    expect(chain.validate(of())).toBeUndefined();
    expect(ran).toEqual(['admit first', 'admit hooks', 'validate first', 'validate hooks']);
  });

  it('waits for those who do, and keeps the order', async () => {
    await chain.admit(of({ definition: { group: '', plural: 'secrets' } }));
    expect(ran).toEqual(['admit first', 'admit slow', 'admit hooks']);
  });

  it.each([
    ['a stream', { operation: 'connect', subresource: 'exec' }],
    ['an eviction', { subresource: 'eviction' }],
  ])('shows %s to those only who look at more than objects', (_, more) => {
    chain.admit(of(more));
    expect(ran).toEqual(['admit hooks']);
  });

  it('shows updates of a part to all', () => {
    chain.admit(of({ operation: 'update', subresource: 'status' }));
    expect(ran).toEqual(['admit first', 'admit hooks']);
  });
});
