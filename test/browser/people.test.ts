import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seriousFindings } from './support/axe.ts';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, type TestConsole } from './support/console.ts';

describe.skipIf(browserTestsLack)('people', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('says why: the group that sets the role, what lost against it, which group gives which workspace', async () => {
    const acme = await it.service.organization();
    const ada = await acme.user('ada@p1.example', { displayName: 'Ada Adler' });
    const backend = await acme.workspace('Backend');
    await acme.mapping(await acme.group('Engineering', [ada]), { workspaceIds: [backend], role: 'developer' });
    await acme.mapping(await acme.group('Everybody', [ada]), { workspaceIds: [backend], role: 'viewer' });
    await it.service.quiet();

    const page = await it.tab(`/organizations/${acme.id}/people`);
    await page.getByRole('searchbox').fill('adler');
    await page.getByRole('row').filter({ hasText: 'ada@p1.example' }).click();
    const drawer = page.getByRole('dialog');
    const role = drawer.getByRole('region', { name: 'Role' });
    await role.getByText('because of the group Engineering, which sets Developer').waitFor();
    expect((await role.getByRole('listitem').allInnerTexts()).slice(1)).toEqual([
      'the group Everybody sets Viewer, which is lower',
      'the connection role Viewer gives way to a group’s',
    ]);
    const workspaces = drawer.getByRole('region', { name: 'Workspaces' });
    expect(await workspaces.getByRole('listitem').allInnerTexts()).toEqual([
      'through the group Engineering',
      'through the group Everybody',
    ]);
    await drawer.getByRole('region', { name: 'History' }).getByText('User created.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await drawer.getByRole('link', { name: 'User created.' }).click();
    await page.getByRole('dialog', { name: 'Log entry' }).getByText('CREATE', { exact: true }).waitFor();
    expect(it.misdeeds()).toEqual([]);
  });

  test('a grant by hand is added and taken back; what a group gives stays', async () => {
    const acme = await it.service.organization();
    const bob = await acme.user('bob@p2.example');
    const backend = await acme.workspace('Backend');
    await acme.workspace('Ledger');
    await acme.mapping(await acme.group('Engineering', [bob]), { workspaceIds: [backend], role: null });
    await it.service.quiet();
    const held = async (): Promise<string[]> => {
      const path = `/organizations/${acme.id}/users/${bob}/access`;
      const { body } = await it.service.admin<{ workspaces: { name: string; origin: string }[] }>('GET', path);
      return body.workspaces.map(({ name, origin }) => `${name} ${origin}`).toSorted();
    };

    const page = await it.tab(`/organizations/${acme.id}/people?person=${bob}`);
    const workspaces = page.getByRole('dialog').getByRole('region', { name: 'Workspaces' });
    await workspaces.getByRole('combobox').click();
    await page.getByRole('option', { name: 'Ledger' }).click();
    await workspaces.getByRole('button', { name: 'Add' }).click();
    await workspaces.getByText('granted by hand').waitFor();
    expect(await held()).toEqual(['Backend directory', 'Ledger manual']);
    await workspaces.getByRole('button', { name: 'Take back the grant of Ledger' }).click();
    await workspaces.getByText('granted by hand').waitFor({ state: 'detached' });
    expect(await held()).toEqual(['Backend directory']);
    expect(it.misdeeds()).toEqual([]);
  });

  test('in the mode Manual somebody is invited, and removed; a directory person cannot be', async () => {
    const acme = await it.service.organization();
    await acme.user('pushed@p3.example');
    await it.service.admin('PUT', `/organizations/${acme.id}/provisioning`, { mode: 'manual', confirm: true });
    const page = await it.tab(`/organizations/${acme.id}/people`);
    await page.getByRole('button', { name: 'Invite' }).click();
    const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
    await dialog.getByLabel('Email address').fill('pushed@p3.example');
    await dialog.getByRole('button', { name: 'Invite' }).click();
    await dialog.getByText('already in use').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByLabel('Email address').fill('guest@p3.example');
    await dialog.getByLabel('Name').fill('Guest Star');
    await dialog.getByRole('button', { name: 'Invite' }).click();
    await dialog.waitFor({ state: 'detached' });

    await page.getByRole('row').filter({ hasText: 'guest@p3.example' }).click();
    const drawer = page.getByRole('dialog', { name: 'Person' });
    await drawer.getByText('Invited by an admin').waitFor();
    await drawer.getByRole('button', { name: 'Remove from the organization' }).click();
    await page
      .getByRole('dialog', { name: 'Remove this person?' })
      .getByRole('button', { name: 'Remove', exact: true })
      .click();
    await page.getByText('guest@p3.example is removed.').waitFor();
    await page.getByRole('row').filter({ hasText: 'guest@p3.example' }).waitFor({ state: 'detached' });

    await page.getByRole('row').filter({ hasText: 'pushed@p3.example' }).click();
    await drawer.getByText('The identity provider manages this person').waitFor();
    expect(await drawer.getByRole('button', { name: 'Remove from the organization' }).count()).toBe(0);
    expect(it.misdeeds()).toEqual([]);
  });

  test('of a leaver it tells when access ended, and of somebody who was deleted too', async () => {
    const acme = await it.service.organization();
    const eve = await acme.user('eve@p4.example');
    const backend = await acme.workspace('Backend');
    await acme.mapping(await acme.group('Engineering', [eve]), {
      workspaceIds: [backend],
      role: 'admin',
      confirm: true,
    });
    await it.service.quiet();
    await acme.scim('PATCH', `/Users/${eve}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    });
    await it.service.quiet();
    const path = `/organizations/${acme.id}/people?person=${eve}`;
    const page = await it.tab(path);
    const ended = page.getByRole('dialog').getByRole('region', { name: 'When access ended' });
    await ended.getByText(/^Deactivated on .*From that moment nothing could be entered\.$/).waitFor();
    await ended.getByText(/Backend: grant removed on/).waitFor();

    await acme.scim('DELETE', `/Users/${eve}`);
    await it.service.quiet();
    const after = await it.tab(path);
    const drawer = after.getByRole('dialog');
    await drawer
      .getByRole('region', { name: 'When access ended' })
      .getByText(/ on .*From that moment/)
      .waitFor();
    await drawer.getByRole('region', { name: 'History' }).getByText('DELETE', { exact: true }).waitFor();
    expect(it.misdeeds()).toEqual([]);
  });
});
