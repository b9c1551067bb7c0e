import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { StatusError } from '../../../libs/base/status.ts';
import type { AttachRequest, ExecRequest, LogsRequest } from '../../../libs/node/link.ts';

/** A pod that has a node, and one of its containers. */
export interface ContainerTarget {
  nodeName: string;
  pod: ExecRequest['pod'];
  container: string;
}

/**
 * The container that a request means: the one it names, or the only one there is.
 * @throws StatusError BadRequest, in the words that clients know.
 */
export function containerTarget(pod: V1Pod, named: string | null): ContainerTarget {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const { initContainers = [], containers = [], ephemeralContainers = [], nodeName = '' } = pod.spec ?? {};
  const names = [...initContainers, ...containers, ...ephemeralContainers].map((container) => container.name);
  if (!named && names.length > 1) {
    throw new StatusError(
      'BadRequest',
      `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`,
    );
  }
  const container = named || names[0] || '';
  if (!names.includes(container)) {
    throw new StatusError('BadRequest', `container ${container} is not valid for pod ${name}`);
  }
  return { nodeName, pod: { namespace, name, uid }, container };
}

/** @throws StatusError BadRequest when nothing can be run in the pod. */
export function requireRunnable(pod: V1Pod): void {
  const { name } = pod.metadata ?? {};
  if (!pod.spec?.nodeName) throw new StatusError('BadRequest', `pod ${name} does not have a host assigned`);
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new StatusError('BadRequest', `cannot exec into a container in a completed pod; current phase is ${phase}`);
  }
}

/** The request of `pods/exec`. */
export function execRequest(query: URLSearchParams, target: ContainerTarget): ExecRequest {
  const command = query.getAll('command');
  if (command.length === 0) throw new StatusError('BadRequest', 'you must specify a command to execute');
  return { ...attachRequest(query, target), command };
}

/** The request of `pods/attach`. */
export function attachRequest(query: URLSearchParams, { pod, container }: ContainerTarget): AttachRequest {
  const tty = flag(query, 'tty');
  const request = {
    pod,
    container,
    tty,
    stdin: flag(query, 'stdin'),
    stdout: flag(query, 'stdout'),
    // A terminal has one output.
    stderr: flag(query, 'stderr') && !tty,
  };
  if (!request.stdin && !request.stdout && !request.stderr) {
    throw new StatusError('BadRequest', 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return request;
}

/** The request of `pods/log`. @throws StatusError Invalid, field by field. */
export function logsRequest(query: URLSearchParams, { pod, container }: ContainerTarget): LogsRequest {
  const sinceTime = query.get('sinceTime') ?? undefined;
  const request: LogsRequest = {
    pod,
    container,
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    sinceSeconds: count(query, 'sinceSeconds', 1),
    tailLines: count(query, 'tailLines', 0),
    limitBytes: count(query, 'limitBytes', 1),
    ...(sinceTime && { sinceTime }),
  };
  if (sinceTime && Number.isNaN(Date.parse(sinceTime))) {
    throw new StatusError('BadRequest', `sinceTime ${JSON.stringify(sinceTime)} is not an RFC 3339 time`);
  }
  if (sinceTime && request.sinceSeconds !== undefined) {
    throw invalid('sinceSeconds', 'at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  return request;
}

/** A switch is on with any value but these; an empty one is on, as in `?follow`. */
const flagsOff = new Set(['false', '0', 'f', 'F', 'False', 'FALSE']);

function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && !flagsOff.has(value);
}

function count(query: URLSearchParams, name: string, min: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new StatusError('BadRequest', `${name} ${JSON.stringify(text)} is no integer`);
  if (value < min) throw invalid(name, `must be greater than or equal to ${min}`, value);
  return value;
}

function invalid(field: string, message: string, value?: number): StatusError {
  const detail = value === undefined ? `Forbidden: ${message}` : `Invalid value: ${value}: ${message}`;
  const reason = value === undefined ? 'FieldValueForbidden' : 'FieldValueInvalid';
  return new StatusError('Invalid', `PodLogOptions "" is invalid: ${field}: ${detail}`, {
    details: { kind: 'PodLogOptions', causes: [{ reason, message: detail, field }] },
  });
}
