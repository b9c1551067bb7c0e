import { hasFormat, isKnownFormat } from './formats.ts';

describe('formats of texts', () => {
  it.each<[format: string, sound: string, broken: string]>([
    ['email', 'a@b.c', 'x'],
    ['uuid', '00000000-0000-4000-8000-000000000000', 'x'],
    ['uuid4', '00000000-0000-4000-8000-000000000000', '00000000-0000-3000-8000-000000000000'],
    ['ipv4', '1.2.3.4', '::1'],
    ['ipv6', '::1', '1.2.3.4'],
    ['cidr', '10.0.0.0/8', '10.0.0.0'],
    ['uri', 'http://x', 'x'],
    ['uri', '/a', 'a b'],
    ['byte', 'YQ==', '!'],
    ['duration', '1h30m', 'x'],
    ['duration', '5 days', '5 lightyears'],
    ['date', '2020-01-01', '2020-13-01'],
    ['date-time', '2020-01-01T00:00:00.5+01:00', '2020-01-01'],
    ['hostname', 'a.example.org', 'a.b'],
    ['hostname', 'localhost', '-x'],
    ['mac', '01:23:45:67:89:ab', '01:23:45'],
    ['hexcolor', '#fff', '#ff'],
    ['k8s-short-name', 'a-b', 'a.b'],
    ['k8s-long-name', 'a.b', 'A'],
  ])('%s: %s, but not %s', (format, sound, broken) => {
    expect(hasFormat(sound, format)).toBe(true);
    expect(hasFormat(broken, format)).toBe(false);
  });

  it('constrain nothing where nobody knows them', () => {
    expect(hasFormat('x', 'odd')).toBe(true);
    expect(isKnownFormat('odd')).toBe(false);
    expect(isKnownFormat('int32')).toBe(true);
  });
});
