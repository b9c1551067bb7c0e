/** Numbers of the fields of etcd's messages. Source: etcd's rpc.proto and kv.proto. */
export const operation = { range: 1, put: 2, removal: 3, transaction: 4 } as const;
export const transactionRequest = { compares: 1, success: 2, failure: 3 } as const;
export const compare = { target: 2, key: 3, modRevision: 6 } as const;
/** The key is the same field of a read, a put and a removal. */
export const request = { key: 1, value: 2 } as const;

export const answerHeader = 1;
export const header = { revision: 3 } as const;
export const transactionAnswer = { succeeded: 2, operations: 3 } as const;
export const rangeAnswer = { found: 2, more: 3, count: 4 } as const;
export const removalAnswer = { removed: 2 } as const;
export const watchAnswer = { created: 3, cancelled: 4, compactRevision: 5, cancelReason: 6, changes: 11 } as const;
export const change = { type: 1, stored: 2 } as const;
export const stored = { key: 1, modRevision: 3, value: 5 } as const;

/** Values of enumerations. */
export const comparedByModRevision = 2;
export const changeIsRemoval = 1;
