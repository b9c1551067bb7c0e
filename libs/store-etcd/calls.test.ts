import { Etcd3 } from 'etcd3';
import { Calls } from './calls.ts';

/** What the pool has of gRPC for one member. */
interface Pool {
  withConnection<T>(service: string, call: (connected: { client: T }) => T): Promise<T>;
}

it('a connection that failed is not used again', async () => {
  const client = new Etcd3({ hosts: 'http://127.0.0.1:1' });
  const { pool } = client as unknown as { pool: Pool };
  const connection = () => pool.withConnection<object>('KV', (connected) => connected.client);
  const first = await connection();
  expect(await connection()).toBe(first);
  const calls = new Calls(client);
  await expect(calls.range({ key: Buffer.from('/a') }, Date.now() + 5_000)).rejects.toThrow(/UNAVAILABLE|connect/i);
  expect(await connection()).not.toBe(first);
  client.close();
});
