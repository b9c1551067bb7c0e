import type { KubeObject } from '../api/meta.ts';
import { asStatusError, type Status, StatusError, type StatusReason } from '../base/status.ts';

/** API objects and their parts travel inside protobuf messages as JSON bytes. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** The value that a peer has encoded. @throws StatusError BadRequest when it is not JSON. */
export function decodeJson<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as T;
  } catch (error) {
    throw new StatusError('BadRequest', 'the peer has sent damaged JSON', { cause: error });
  }
}

/** The same for whole objects. */
export const decodeObject = (bytes: Uint8Array): KubeObject => decodeJson<KubeObject>(bytes);

/** An error as the Status that the peer shall see. */
export function encodeFailure(error: unknown): Buffer {
  return encodeJson(asStatusError(error).toStatus());
}

/** The error that a peer has told of. */
export function decodeFailure(bytes: Uint8Array): StatusError {
  const status = decodeJson<Partial<Status>>(bytes);
  const reason = (status.reason || 'Unknown') as StatusReason;
  return new StatusError(reason, status.message ?? 'unknown error', { details: status.details, code: status.code });
}
