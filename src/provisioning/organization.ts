import sql, { type Sql } from 'sql-template-tag';
import type { ProvisioningMode, Plan, UserNameFormat } from '../contract/organizations.ts';

export interface Organization {
  id: string;
  name: string;
  plan: Plan;
  userNameFormat: UserNameFormat;
  provisioningMode: ProvisioningMode;
  createdAt: Date;
  updatedAt: Date;
}

/** The columns of `Organization`, from the table `organizations` under the alias `o`. */
export const organizationColumns: Sql = sql`
  o.id, o.name, o.plan, o.user_name_format AS "userNameFormat", o.provisioning_mode AS "provisioningMode",
  o.created_at AS "createdAt", o.updated_at AS "updatedAt"`;
