import { asks, bodyOf, deletes } from '../../../test/support/registry.ts';
import { loopbackUser } from '../../auth/user.ts';
import type { ResourceService } from '../requests.ts';
import { followed } from './followed.ts';

const bob = { name: 'bob', groups: [] };
const body = bodyOf({ kind: 'CustomResourceDefinition', metadata: { name: 'x' } });
const at = { name: 'x' };
const patch = { type: 'merge' as const, body: {}, complaints: [], force: false };

type Asked = { user: typeof bob; dryRun: boolean };
const writes: Record<string, (service: ResourceService, asked: Asked) => Promise<unknown>> = {
  create: (service, asked) => service.create(at, body, asks(asked)),
  update: (service, asked) => service.update(at, body, asks(asked)),
  patch: (service, asked) => service.patch(at, { ...asks(asked), ...patch }),
  delete: (service, asked) => service.delete(at, { ...deletes(), ...asked }),
  'delete all': (service, asked) => service.deleteCollection({}, { ...deletes(), ...asked }),
};

/** What is written, and waited for, in the order in which it comes to an end. */
function recorded() {
  const ends: string[] = [];
  const end = async (what: string): Promise<never> => {
    await Promise.resolve();
    ends.push(what);
    return undefined as never;
  };
  const write = () => end('written');
  const service = { create: write, update: write, patch: write, delete: write, deleteCollection: write };
  return { ends, service: followed(service as unknown as ResourceService, () => end('settled')) };
}

describe('a write of a definition', () => {
  it.each(Object.keys(writes))('that is a %s is answered once what it asks for is done', async (verb) => {
    const { ends, service } = recorded();
    await writes[verb]!(service, { user: bob, dryRun: false });
    expect(ends).toEqual(['written', 'settled']);
  });

  it.each(Object.keys(writes))('that is a %s asks for nothing when it is a dry run', async (verb) => {
    const { ends, service } = recorded();
    await writes[verb]!(service, { user: bob, dryRun: true });
    expect(ends).toEqual(['written']);
  });

  it('by the server itself does not wait for the server', async () => {
    const { ends, service } = recorded();
    await writes.update!(service, { user: loopbackUser as typeof bob, dryRun: false });
    expect(ends).toEqual(['written']);
  });

  it('that is refused is told so at once', async () => {
    const refuse = () => Promise.reject(new Error('refused'));
    const service = followed({ create: refuse } as unknown as ResourceService, () =>
      Promise.reject(new Error('waited')),
    );
    await expect(writes.create!(service, { user: bob, dryRun: false })).rejects.toThrow('refused');
  });
});
