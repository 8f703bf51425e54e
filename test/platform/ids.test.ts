import { expect, test, vi } from 'vitest';
import { isId, newId, newIdAt } from '../../src/platform/ids.ts';

test('ids stand in the order in which they were made, also those of one millisecond', () => {
  const ids = Array.from({ length: 20_000 }, () => newId());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});

test('a clock that is put back puts no id back', () => {
  const before = newId();
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 60_000);
  try {
    const ids = [before, newId(), newId()];
    expect(ids.toSorted()).toEqual(ids);
  } finally {
    clock.mockRestore();
  }
});

test('an id is a UUID of version 7 with its time', () => {
  for (const id of [newId(), newIdAt(Date.now())]) {
    expect(isId(id)).toBe(true);
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  }
  expect(newIdAt(0x0123_4567_89ab).startsWith('01234567-89ab-7')).toBe(true);
});
