/**
 * Seeded users and groups have numbers, and ids that follow from them (in SQL too), so that the load process knows whom
 * it asks for without being sent a list. In form they are UUIDv7, as the service makes them.
 */
export function userId(number: number): string {
  return `${userPrefix}${String(number).padStart(12, '0')}`;
}

export function groupId(number: number): string {
  return `${groupPrefix}${String(number).padStart(12, '0')}`;
}

export const userPrefix = '01900000-0000-7000-8000-';
export const groupPrefix = '01900000-0000-7000-9000-';

/** Users of organization `k` are numbered from `k` millions on. */
export const numbersPerOrganization = 1_000_000;
