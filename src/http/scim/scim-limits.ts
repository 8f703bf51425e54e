/** Largest body: a PUT of a group with 20,000 members, each with its `display` and `$ref`, has about 5 MB. */
export const maxBodyBytes = 8 * 1024 * 1024;

/** Page size when a provider names none, and the most that it gets. */
export const pageSize = { defaultCount: 100, maxCount: 500 } as const;

/** A thousand operations take a few seconds, which is as long as a provider waits for an answer. */
export const bulkLimits = { maxOperations: 1_000, maxPayloadSize: maxBodyBytes } as const;
