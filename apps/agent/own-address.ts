import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';

/** The address that this machine speaks to `host` from: no packet is sent to find it. */
export async function ownAddressTowards(host: string, port: number): Promise<string> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(port, host, () => resolve());
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}
