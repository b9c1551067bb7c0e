import { imageTag } from './image-tag.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('the tag of an image', () => {
  const cases: Array<[image: string, tag: string | undefined]> = [
    ['nginx', 'latest'],
    ['nginx:1.27', '1.27'],
    ['library/nginx', 'latest'],
    ['localhost/a', 'latest'],
    ['localhost:5000/a:b', 'b'],
    ['registry.example.org:5000/team/app', 'latest'],
    ['[fe80::1]:5000/app:2', '2'],
    [`nginx@${digest}`, ''],
    [`nginx:latest@${digest}`, 'latest'],
    ['UPPER/app', 'latest'],
    ['app/UPPER', undefined],
    ['', undefined],
    ['!Odd Value', undefined],
    ['a..b', undefined],
    ['../x', undefined],
    ['a'.repeat(256), undefined],
    ['0a'.repeat(32), undefined],
    ['nginx:', undefined],
    ['nginx@sha256:short', undefined],
    [`nginx@${digest}@${digest}`, undefined],
  ];
  it.each(cases)('%s', (image, tag) => {
    expect(imageTag(image)).toBe(tag);
  });
});
