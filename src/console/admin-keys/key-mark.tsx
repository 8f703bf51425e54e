import { Code } from '@mantine/core';
import type { AdminKeyAnswer } from '../../contract/admin-keys.ts';

/** Enough of a key to recognize it by. */
export function KeyMark({ adminKey: { prefix, lastFour } }: { adminKey: AdminKeyAnswer }) {
  return (
    <Code>
      {prefix}…{lastFour}
    </Code>
  );
}
