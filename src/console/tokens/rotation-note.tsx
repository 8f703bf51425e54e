import { Alert, Text } from '@mantine/core';
import { IconCircleCheck, IconClock } from '@tabler/icons-react';
import { Moment } from '../shared/moment.tsx';
import { Countdown } from './countdown.tsx';
import type { ScimToken } from './token-queries.ts';

/** While an old token works beside the new one: how long still, and whether the provider has changed over. */
export function RotationNote({ tokens }: { tokens: readonly ScimToken[] }) {
  const [newest, previous] = tokens;
  if (newest === undefined || previous?.expiresAt == null) return null;
  const isSafe = newest.firstUsedAt !== null;
  return (
    <Alert
      color={isSafe ? 'teal' : 'yellow'}
      icon={isSafe ? <IconCircleCheck aria-hidden /> : <IconClock aria-hidden />}
      title={isSafe ? 'Your identity provider uses the new token' : 'Enter the new token in your identity provider'}
    >
      <Text size="sm">
        The old token stays valid until <Moment at={previous.expiresAt} /> (<Countdown until={previous.expiresAt} />
        ).
      </Text>
      <Text size="sm">
        {newest.firstUsedAt === null ? (
          'The new token has not been used yet.'
        ) : (
          <>
            The new token was first used at <Moment at={newest.firstUsedAt} />. If nothing else uses the old one, it can
            be revoked.
          </>
        )}
      </Text>
    </Alert>
  );
}
