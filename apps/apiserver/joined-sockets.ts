import type { Duplex } from 'node:stream';

/** Passes on what either side sends until one of them ends; then both are gone and the promise resolves. */
export function joinSockets(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      one.destroy();
      other.destroy();
      resolve();
    };
    for (const side of [one, other]) side.once('error', end).once('close', end);
    one.pipe(other);
    other.pipe(one);
  });
}
