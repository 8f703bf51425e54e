import type { Router } from 'express';
import { readSetupProgress } from '../../access/setup-progress.ts';
import { domainEndpoints } from '../../contract/domains.ts';
import { organizationEndpoints } from '../../contract/organizations.ts';
import { provisioningEndpoints } from '../../contract/provisioning.ts';
import { setupEndpoints } from '../../contract/setup.ts';
import type { Database } from '../../platform/database.ts';
import { latestBulkChangeAlarm } from '../../provisioning/bulk-change-alarm.ts';
import { txtRecordOf, type ResolveTxt } from '../../provisioning/domain-challenge.ts';
import { addDomain, listDomains, removeDomain, verifyDomain, type Domain } from '../../provisioning/domains.ts';
import {
  createOrganization,
  getOrganization,
  listOrganizations,
  updateOrganization,
} from '../../provisioning/organizations.ts';
import { getProvisioning, setProvisioningMode } from '../../provisioning/provisioning-mode.ts';
import { listScimTokens, revokeScimToken, rotateScimToken } from '../../provisioning/scim-tokens.ts';
import { getSsoConnection, setSsoConnection } from '../../provisioning/sso-connection.ts';
import { route, type RouteDependencies } from './route.ts';

export interface SettingsDependencies extends RouteDependencies {
  db: Database;
  /** Base of every URL that is handed out, without a trailing slash. */
  publicUrl: () => string;
  resolveTxt: ResolveTxt;
}

/** Organizations, SSO connection, domains, provisioning mode and SCIM tokens. */
export function addSettingsRoutes(router: Router, deps: SettingsDependencies): void {
  addOrganizationRoutes(router, deps);
  addDomainRoutes(router, deps);
  addProvisioningRoutes(router, deps);
}

function addOrganizationRoutes(router: Router, deps: SettingsDependencies): void {
  route(router, deps, organizationEndpoints.createOrganization, ({ db, body, cause }) =>
    createOrganization(db, { ...body, cause }),
  );
  route(router, deps, organizationEndpoints.listOrganizations, ({ db, query, ownOrganizationId }) =>
    listOrganizations(db, { ...query, only: ownOrganizationId }),
  );
  route(router, deps, organizationEndpoints.getOrganization, ({ db, params }) =>
    getOrganization(db, params.organizationId),
  );
  route(router, deps, organizationEndpoints.updateOrganization, ({ db, params, body, cause }) =>
    updateOrganization(db, { ...params, changes: body, cause }),
  );
  route(router, deps, organizationEndpoints.getSsoConnection, ({ db, params }) =>
    getSsoConnection(db, params.organizationId),
  );
  route(router, deps, organizationEndpoints.setSsoConnection, ({ db, params, body, cause }) =>
    setSsoConnection(db, { ...params, ...body, cause }),
  );
}

function addDomainRoutes(router: Router, deps: SettingsDependencies): void {
  const { resolveTxt } = deps;
  route(router, deps, domainEndpoints.addDomain, async ({ db, params, body, cause }) =>
    domainAnswer(await addDomain(db, { ...params, domain: body.domain, verified: body.verified === true, cause })),
  );
  route(router, deps, domainEndpoints.listDomains, async ({ db, params, query }) => {
    const { items, nextCursor } = await listDomains(db, { ...params, ...query });
    return { items: items.map(domainAnswer), nextCursor };
  });
  route(router, deps, domainEndpoints.verifyDomain, async ({ db, params, body, cause }) =>
    domainAnswer(await verifyDomain(db, { ...params, verified: body.verified === true, resolveTxt, cause })),
  );
  route(router, deps, domainEndpoints.removeDomain, ({ db, params, cause }) => removeDomain(db, { ...params, cause }));
}

function addProvisioningRoutes(router: Router, deps: SettingsDependencies): void {
  const baseUrl = (organizationId: string) => `${deps.publicUrl()}/api/v1/scim/${organizationId}/v2`;
  route(router, deps, provisioningEndpoints.getProvisioning, async ({ db, params: { organizationId } }) => {
    const { mode, active, missing } = await getProvisioning(db, organizationId);
    const bulkChangeAlarm = await latestBulkChangeAlarm(db, organizationId);
    return { mode, baseUrl: baseUrl(organizationId), directorySync: { active, missing }, bulkChangeAlarm };
  });
  route(router, deps, setupEndpoints.getSetup, ({ db, params }) => readSetupProgress(db, params.organizationId));
  route(router, deps, provisioningEndpoints.setProvisioning, async ({ db, params, body, cause }) => {
    const { mode, confirm = false } = body;
    const changed = await setProvisioningMode(db, { ...params, mode, confirm, cause });
    return { ...changed, ...(changed.token === undefined ? {} : { baseUrl: baseUrl(params.organizationId) }) };
  });
  route(router, deps, provisioningEndpoints.rotateScimToken, async ({ db, params, cause }) => {
    const rotated = await rotateScimToken(db, { ...params, cause });
    return { ...rotated, baseUrl: baseUrl(params.organizationId) };
  });
  route(router, deps, provisioningEndpoints.listScimTokens, ({ db, params, query }) =>
    listScimTokens(db, { ...params, ...query }),
  );
  route(router, deps, provisioningEndpoints.revokeScimToken, ({ db, params, cause }) =>
    revokeScimToken(db, { ...params, cause }),
  );
}

function domainAnswer(claim: Domain) {
  const { domain, verifiedAt, createdAt } = claim;
  return { domain, verified: verifiedAt !== null, verifiedAt, createdAt, txtRecord: txtRecordOf(claim) };
}
