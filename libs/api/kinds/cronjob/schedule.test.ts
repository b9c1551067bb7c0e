import { isSchedule } from './schedule.ts';

describe('schedules', () => {
  it.each(['* * * * *', '*/5 1-3,7 ? JAN MON-FRI', '@hourly', '@every 1h30m', '0 0 1 1 0'])('%p is one', (text) => {
    expect(isSchedule(text)).toBe(true);
  });

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '5-3 * * * *',
    '*/0 * * * *',
    '@often',
  ])('%p is none', (text) => expect(isSchedule(text)).toBe(false));
});
