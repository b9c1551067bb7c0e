import { rewritePage } from './rewrite.ts';

const prefix = '/api/v1/namespaces/a/pods/b/proxy';

it.each([
  ['<a href="/x">', `<a href="${prefix}/x">`],
  ["<img alt='n' src='/i.png'>", `<img alt='n' src='${prefix}/i.png'>`],
  ['<form action="/f" data="/d">', `<form action="${prefix}/f" data="${prefix}/d">`],
  ['<a href="x/y">', '<a href="x/y">'],
  ['<a href="https://else/x">', '<a href="https://else/x">'],
  ['<a href="//else/x">', '<a href="//else/x">'],
  ['href="/x" outside of a tag', 'href="/x" outside of a tag'],
  [`<a href="${prefix}/done">`, `<a href="${prefix}/done">`],
])('%s', (page, expected) => {
  expect(rewritePage(page, prefix)).toBe(expected);
});
