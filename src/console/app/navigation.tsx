import { NavLink, Stack, Text } from '@mantine/core';
import {
  IconActivity,
  IconArrowsExchange,
  IconBook,
  IconBuilding,
  IconExternalLink,
  IconKey,
  IconLayoutGrid,
  IconListDetails,
  IconPlugConnected,
  IconShieldLock,
  IconStack2,
  IconUsers,
  type Icon,
} from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { useSession } from '../session/session.ts';

const pagesOfOrganization = [
  { to: '/organizations/$organizationId/identity', label: 'Identity and access', Sign: IconShieldLock },
  { to: '/organizations/$organizationId/setup', label: 'Set-up guide', Sign: IconPlugConnected },
  { to: '/organizations/$organizationId/mappings', label: 'Group mappings', Sign: IconArrowsExchange },
  { to: '/organizations/$organizationId/workspaces', label: 'Workspaces', Sign: IconLayoutGrid },
  { to: '/organizations/$organizationId/people', label: 'People', Sign: IconUsers },
  { to: '/organizations/$organizationId/logs', label: 'Sync logs', Sign: IconListDetails },
  { to: '/organizations/$organizationId/admin-keys', label: 'Admin keys', Sign: IconKey },
] as const;

/** The router marks the page that is shown (`aria-current`), whatever its address says beside the path. */
const exactly = { exact: true, includeSearch: false };

/** Where one can go: the pages of the organization that is shown, and for a platform admin those of all. */
export function Navigation({ onNavigate }: { onNavigate: () => void }) {
  const { scope } = useSession();
  const { organizationId } = useParams({ strict: false });
  return (
    <Stack gap="lg" component="div">
      {organizationId !== undefined && (
        <div>
          {pagesOfOrganization.map(({ to, label, Sign }) => (
            <NavLink
              key={to}
              label={label}
              leftSection={<Sign size={18} stroke={1.7} aria-hidden />}
              renderRoot={(props) => <Link to={to} params={{ organizationId }} activeOptions={exactly} {...props} />}
              onClick={onNavigate}
            />
          ))}
        </div>
      )}
      {scope === 'platform' && (
        <div>
          <Heading>Platform</Heading>
          <NavLink
            label="Organizations"
            leftSection={<IconBuilding size={18} stroke={1.7} aria-hidden />}
            renderRoot={(props) => <Link to="/organizations" activeOptions={exactly} {...props} />}
            onClick={onNavigate}
          />
          <NavLink
            label="Operations"
            leftSection={<IconActivity size={18} stroke={1.7} aria-hidden />}
            renderRoot={(props) => <Link to="/operations" activeOptions={exactly} {...props} />}
            onClick={onNavigate}
          />
          <OutsideLink href="/queues" label="Queues" Sign={IconStack2} />
        </div>
      )}
      <div>
        <Heading>Reference</Heading>
        <OutsideLink href="/api/docs" label="Admin API" Sign={IconBook} />
      </div>
    </Stack>
  );
}

function Heading({ children }: { children: string }) {
  return (
    <Text size="xs" fw={600} c="dimmed" px="sm" pb={4}>
      {children}
    </Text>
  );
}

/** Pages of the service that are no part of the console open beside it. */
function OutsideLink({ href, label, Sign }: { href: string; label: string; Sign: Icon }) {
  return (
    <NavLink
      component="a"
      href={href}
      target="_blank"
      rel="noreferrer"
      label={label}
      leftSection={<Sign size={18} stroke={1.7} aria-hidden />}
      rightSection={<IconExternalLink size={14} aria-label="opens a new tab" />}
    />
  );
}
