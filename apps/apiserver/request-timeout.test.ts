import { checkTimeout } from './request-timeout.ts';

describe('the timeout of a request', () => {
  test.each(['', 'timeout=', 'timeout=0s', 'timeout=34s', 'timeout=1h30m', 'timeout=-5s', 'timeoutSeconds=x'])(
    'may be %p',
    (query) => {
      expect(() => checkTimeout(new URLSearchParams(query))).not.toThrow();
    },
  );

  test.each(['1', 'invalid', '5 s', '10d'])('may not be %p', (text) => {
    expect(() => checkTimeout(new URLSearchParams({ timeout: text }))).toThrow(
      expect.objectContaining({
        reason: 'BadRequest',
        message: `invalid timeout specified in the request URL - time: invalid duration "${text}"`,
      }),
    );
  });
});
