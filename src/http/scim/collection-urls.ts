/** The addresses of the collections, with a slash at the end, as filters on `meta.location` and `$ref` see them. */
export function collectionUrls(baseUrl: string): { users: string; groups: string } {
  return { users: `${baseUrl}/Users/`, groups: `${baseUrl}/Groups/` };
}
