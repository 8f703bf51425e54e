/** What a process does: `serve` is `api` and `worker` in one. */
export type Role = 'serve' | 'api' | 'worker';
