import { AppShell, Badge, Burger, Container, Group, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { OrganizationSwitcher } from '../organizations/organization-switcher.tsx';
import { useSession } from '../session/session.ts';
import { SignOutButton } from '../session/sign-out-button.tsx';
import { ColorSchemeToggle } from './color-scheme-toggle.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { Navigation } from './navigation.tsx';
import classes from './shell.module.css';

/** What surrounds every page for somebody who is signed in. */
export function Shell() {
  const [menuOpen, menu] = useDisclosure(false);
  const { role, keyName } = useSession();
  const main = useFocusOnNavigation();
  useAllPagesAtHand();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 236, breakpoint: 'sm', collapsed: { mobile: !menuOpen } }}
      padding={0}
    >
      <a href="#main" className={classes.skip}>
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={menuOpen}
            onClick={menu.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={menuOpen ? 'Close the menu' : 'Open the menu'}
          />
          <Link to="/" className={classes.brand} aria-label="Rollcall, to the start">
            <img src="/console-icon.svg" width={26} height={26} alt="" />
            <Text component="span" fw={700} visibleFrom="xs">
              Rollcall
            </Text>
          </Link>
          <Group flex={1} miw={0} wrap="nowrap">
            <OrganizationSwitcher />
          </Group>
          {role === 'viewer' && (
            <Tooltip label="This key may look at everything and change nothing.">
              <Badge variant="light" color="gray" tt="none" tabIndex={0} className={classes.fixed}>
                View only
              </Badge>
            </Tooltip>
          )}
          <Text size="sm" c="dimmed" visibleFrom="md" truncate maw={180} title={`Signed in with the key “${keyName}”`}>
            {keyName}
          </Text>
          <ColorSchemeToggle />
          <SignOutButton />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label="Pages" className={classes.navbar}>
        <Navigation onNavigate={menu.close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} ref={main} className={classes.main}>
        <ConnectionBanner />
        <Container size="lg" px="md" py="lg">
          <Outlet />
        </Container>
      </AppShell.Main>
    </AppShell>
  );
}

/** How long the page that was asked for has the network to itself. */
const restAfterMs = 1_000;

/** Loads the other pages meanwhile: they then open at once, and also while the service is away. */
function useAllPagesAtHand(): void {
  const router = useRouter();
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const route of Object.values(router.routesById)) void router.loadRouteChunk(route)?.catch(() => undefined);
    }, restAfterMs);
    return () => clearTimeout(timer);
  }, [router]);
}

/** Another page is announced and read from its start, as a page load would be. */
function useFocusOnNavigation() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current !== path) main.current?.focus({ preventScroll: true });
    shown.current = path;
  }, [path]);
  return main;
}
