import { connect } from 'node:http2';

/** Field 1 of grpc.health.v1.HealthCheckRequest and of its answer. */
const serviceField = 0x0a;
const statusField = 0x08;
const serving = 1;
const frameHeadBytes = 5;

function healthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  // Service names are short: their length is one varint byte up to 127, two beyond.
  const length = name.length < 128 ? [name.length] : [(name.length & 0x7f) | 0x80, name.length >> 7];
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([serviceField, ...length]), name]);
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function statusIn(body: Buffer): number {
  const message = body.subarray(frameHeadBytes);
  return message[0] === statusField ? (message[1] ?? 0) : 0;
}

/**
 * One grpc.health.v1.Health/Check over HTTP/2 without TLS. Resolves to what is wrong, undefined when it is serving.
 * Rejects when it cannot be asked.
 */
export function grpcHealth(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const authority = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const session = connect(authority);
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs));
    const done = (settle: () => void) => {
      settle();
      session.destroy();
    };
    signal.addEventListener('abort', () =>
      done(() => resolve(`timeout: failed to connect service "${host}:${port}" within ${timeoutMs}ms`)),
    );
    session.on('error', (error) => done(() => reject(error)));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.36',
    });
    const chunks: Buffer[] = [];
    let code = '0';
    stream.on('response', (headers) => {
      code = String(headers['grpc-status'] ?? code);
    });
    stream.on('trailers', (headers) => {
      code = String(headers['grpc-status'] ?? code);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => done(() => reject(error)));
    stream.on('end', () => {
      const status = statusIn(Buffer.concat(chunks));
      if (code !== '0') done(() => resolve(`error: health rpc failed: rpc error: code = ${code}`));
      else
        done(() =>
          resolve(
            status === serving
              ? undefined
              : `service unhealthy (responded with "${status === 2 ? 'NOT_SERVING' : 'UNKNOWN'}")`,
          ),
        );
    });
    stream.end(healthRequest(service));
  });
}
