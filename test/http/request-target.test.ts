import { expect, test } from 'vitest';
import { pathOf, queryOf } from '../../src/http/request-target.ts';
import { isForScim } from '../../src/http/scim/ingress.ts';

// RFC 9112 section 3.2: a request names its target by path and query, or, through some proxies, by the whole URL.
test.each([
  { url: '/a/b', path: '/a/b', query: '' },
  { url: '/a%2Fb?', path: '/a%2Fb', query: '' },
  { url: '/a?b=c?d', path: '/a', query: 'b=c?d' },
  { url: 'http://host.example:8080/a/b?c=d', path: '/a/b', query: 'c=d' },
  { url: 'http://host.example?c=d', path: '/', query: 'c=d' },
  { url: '/a#b?c=d', path: '/a', query: '' },
  { url: '/a?b=c#d', path: '/a', query: 'b=c' },
  { url: 'http://host.example#d', path: '/', query: '' },
  { url: '*', path: '*', query: '' },
  { url: undefined, path: '/', query: '' },
])('the target $url has the path "$path" and the query "$query"', ({ url, path, query }) => {
  const req = url === undefined ? {} : { url };
  expect(pathOf(req)).toBe(path);
  expect(queryOf(req)).toBe(query);
});

test.each([
  ['/api/v1/scim/x/v2/Users', true],
  ['/api/v1/scim', true],
  ['/API/v1/SCIM/x', true],
  ['http://host.example/api/v1/scim/x/v2', true],
  ['/api/v1/scim?x=y', true],
  ['/api/v1/scimitar', false],
  ['/api/v1/organizations', false],
  ['/console?next=/api/v1/scim/', false],
])('whether %s is for the SCIM ingress: %s', (url, isIt) => {
  expect(isForScim({ url })).toBe(isIt);
});
