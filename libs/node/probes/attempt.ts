import { connect } from 'node:net';
import type { V1Container, V1Probe } from '../../api/gen/types.ts';
import type { ProbeOutcome } from '../../pods/probe.ts';
import { type ContainerRuntime, RuntimeError } from '../../runtime/runtime.ts';
import { textOf } from '../failure.ts';
import { grpcHealth } from './grpc.ts';
import { httpGet, httpTarget, portNumber } from './http.ts';

export interface ProbeTarget {
  container: V1Container;
  containerId: string;
  podIp: string;
}

export interface Attempt {
  outcome: ProbeOutcome;
  /** Why it failed, or what is odd about a success; empty otherwise. */
  message: string;
}

/** Aborts come from the platform, not always as an Error of this realm. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('name' in error)) return false;
  return error.name === 'AbortError' || error.name === 'TimeoutError';
}

/** What of a command's output an event shows. */
const outputLengthMax = 10 * 1024;
const success: Attempt = { outcome: 'success', message: '' };

function failure(message: string): Attempt {
  return { outcome: 'failure', message };
}

function dial(host: string, port: number, timeoutMs: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal: AbortSignal.timeout(Math.ceil(timeoutMs)) });
    socket.on('connect', () => {
      socket.destroy();
      resolve(success);
    });
    socket.on('error', (error) => {
      const text = isTimeout(error) ? 'i/o timeout' : 'connect: connection refused';
      resolve(failure(`dial tcp ${host}:${port}: ${text}`));
    });
  });
}

async function exec(
  runtime: ContainerRuntime,
  target: ProbeTarget,
  command: string[],
  timeoutMs: number,
): Promise<Attempt> {
  try {
    const result = await runtime.execSync(target.containerId, command, Math.ceil(timeoutMs / 1000));
    if (result.exitCode === 0) return success;
    const output = Buffer.concat([result.stdout, result.stderr]).toString('utf8');
    return failure(output.slice(0, outputLengthMax));
  } catch (error) {
    if (error instanceof RuntimeError && (error.code === 'deadline' || error.message.includes('timeout'))) {
      return failure(`command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`);
    }
    // Where the runtime cannot say, the container is not blamed.
    return { outcome: 'unknown', message: textOf(error) };
  }
}

async function http(probe: V1Probe, target: ProbeTarget, timeoutMs: number): Promise<Attempt> {
  if (!probe.httpGet) return success;
  const where = httpTarget(probe.httpGet, target.container, target.podIp, 'kube-probe/1.36');
  try {
    const answer = await httpGet(where, timeoutMs);
    if (answer.foreign)
      return { outcome: 'success', message: `Probe terminated redirects, Response body: ${answer.body}` };
    if (answer.status >= 200 && answer.status < 400) return success;
    return failure(`HTTP probe failed with statuscode: ${answer.status}`);
  } catch (error) {
    const text = isTimeout(error)
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : textOf(error);
    return failure(`Get "${where.url.href}": ${text}`);
  }
}

/** Probes once, within the probe's timeout. Never rejects. */
export async function attemptProbe(
  runtime: ContainerRuntime,
  probe: V1Probe,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<Attempt> {
  try {
    if (probe.exec) return await exec(runtime, target, probe.exec.command ?? [], timeoutMs);
    if (probe.httpGet) return await http(probe, target, timeoutMs);
    if (probe.tcpSocket) {
      return await dial(
        probe.tcpSocket.host || target.podIp,
        portNumber(probe.tcpSocket.port, target.container),
        timeoutMs,
      );
    }
    if (!probe.grpc) return { outcome: 'unknown', message: 'missing probe handler' };
    const wrong = await grpcHealth(target.podIp, probe.grpc.port, probe.grpc.service ?? '', timeoutMs);
    return wrong === undefined ? success : failure(wrong);
  } catch (error) {
    return failure(textOf(error));
  }
}
