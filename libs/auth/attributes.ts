import type { UserInfo } from './user.ts';

/** What a request wants to do, in the words that authorizers decide by. */
export interface RequestAttributes {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the HTTP method in lower case for paths. */
  readonly verb: string;
  /** Present for requests of API resources, absent for plain paths. */
  readonly resource?: ResourceAttributes;
  /** The URL path without its query. */
  readonly path: string;
}

export interface ResourceAttributes {
  readonly group: string;
  readonly version: string;
  /** Lower-case plural. */
  readonly plural: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** One opinion. `none` leaves the decision to the next authorizer. */
export interface Decision {
  readonly verdict: 'allow' | 'deny' | 'none';
  readonly reason?: string;
}

export interface Authorizer {
  authorize(user: UserInfo, attributes: RequestAttributes): Decision;
}
