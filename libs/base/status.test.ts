import { asStatusError, isStatus, StatusError } from './status.ts';

describe('StatusError', () => {
  it('takes its HTTP code from its reason', () => {
    expect(new StatusError('Invalid', 'no').toStatus()).toMatchObject({
      code: 422,
      reason: 'Invalid',
      status: 'Failure',
    });
  });

  it('keeps the cause of an unexpected error', () => {
    const cause = new TypeError('boom');
    const error = asStatusError(cause);
    expect(isStatus(error, 'InternalError')).toBe(true);
    expect(error.cause).toBe(cause);
  });
});
