import { Button, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRotateToken } from '../provisioning/provisioning-mutations.ts';
import { useMay } from '../session/session.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { CopyField } from '../shared/copy-field.tsx';
import { EmptyState } from '../shared/empty-state.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { PageLink } from '../shared/page-link.tsx';
import { Section } from '../shared/section.tsx';
import { useAsking } from '../shared/use-asking.ts';
import type { Credentials } from './credentials-dialog.tsx';
import { RotationNote } from './rotation-note.tsx';
import { TokenCard } from './token-card.tsx';
import { scimTokensQuery } from './token-queries.ts';

/** Where the provider calls, and with which tokens. */
export function ScimSection({
  organizationId,
  baseUrl,
  onCredentials,
}: {
  organizationId: string;
  baseUrl: string;
  onCredentials: (credentials: Credentials) => void;
}) {
  const tokens = useQuery(scimTokensQuery(organizationId));
  const mayRotate = useMay('rotateScimToken');
  const rotate = useRotateToken(organizationId);
  const asking = useAsking(rotate);
  const hasTokens = tokens.data !== undefined && tokens.data.length > 0;
  const verb = hasTokens || tokens.data === undefined ? 'Rotate token' : 'Issue a token';
  return (
    <Section
      title="Directory sync (SCIM)"
      lead={
        <>
          What your identity provider needs to know. The{' '}
          <PageLink to="/organizations/$organizationId/setup" params={{ organizationId }} inherit>
            set-up guide
          </PageLink>{' '}
          says where each value goes.
        </>
      }
      actions={
        mayRotate && (
          <Button variant="default" onClick={asking.ask}>
            {verb}
          </Button>
        )
      }
    >
      <Stack gap="md">
        <CopyField label="SCIM base URL" value={baseUrl} />
        {tokens.isPending && <LoadingState lines={2} />}
        {tokens.isError && <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />}
        {tokens.data !== undefined && (
          <>
            <RotationNote tokens={tokens.data} />
            {!hasTokens && (
              <EmptyState>
                No token works any more: your identity provider is refused. Issue a new one to go on.
              </EmptyState>
            )}
            {tokens.data.map((token, index) => (
              <TokenCard
                key={token.id}
                organizationId={organizationId}
                token={token}
                isOnly={tokens.data.length === 1}
                isNewest={index === 0}
              />
            ))}
          </>
        )}
      </Stack>
      <ConfirmDialog
        {...asking.dialog}
        title={`${verb}?`}
        confirmLabel={verb}
        onConfirm={() =>
          rotate.mutate(undefined, {
            onSuccess: ({ token, baseUrl: url, previousTokenExpiresAt }) => {
              asking.close();
              onCredentials({ token, baseUrl: url, isRotation: previousTokenExpiresAt !== null });
            },
          })
        }
      >
        <Stack gap="xs">
          <Text>You get a new token, shown once.</Text>
          {hasTokens && (
            <Text>
              The present one stays valid for 24 more hours, so that your identity provider can be changed over without
              a gap. Of more than two tokens only the two newest stay.
            </Text>
          )}
        </Stack>
      </ConfirmDialog>
    </Section>
  );
}
