import { baseUrl, choice, token, type Guide, type ProviderName } from './providers.ts';

/** Each provider's way, with the labels of its own console. */
export const guides: Readonly<Record<ProviderName, Guide>> = {
  okta: {
    name: 'Okta',
    steps: [
      {
        title: 'Applications › your SAML or SWA app › General › App Settings › Edit',
        text: 'An app of the type OpenID Connect cannot push; create a SAML app beside it for that.',
        fields: [{ label: 'Provisioning', value: choice('SCIM') }],
      },
      {
        title: 'Provisioning › Integration › Edit',
        fields: [
          { label: 'SCIM connector base URL', value: baseUrl },
          { label: 'Unique identifier field for users', value: choice('userName') },
          {
            label: 'Supported provisioning actions',
            value: choice('Push New Users, Push Profile Updates, Push Groups'),
          },
          { label: 'Authentication Mode', value: choice('HTTP Header') },
          { label: 'Authorization', value: token },
        ],
      },
      { title: 'Test Connector Configuration, then Save', text: 'The first line of the checklist turns green.' },
      {
        title: 'Provisioning › To App › Edit',
        text: 'Enable Create Users, Update User Attributes and Deactivate Users, then Save.',
      },
      {
        title: 'Assignments › Assign',
        text: 'The user name of each person must be their email address (Sign On › Application username format: Email).',
      },
      {
        title: 'Push Groups › Push Groups › Find groups by name',
        text: 'People are pushed by their assignment, groups and memberships by this. Both are needed.',
      },
    ],
    pace: 'Okta pushes within seconds.',
  },
  entra: {
    name: 'Microsoft Entra ID',
    steps: [
      {
        title: 'Enterprise apps › New application › Create your own application',
        text: 'Choose “Integrate any other application you don’t find in the gallery (Non-gallery)”.',
      },
      {
        title: 'Provisioning › New configuration (or Get started, with Provisioning Mode “Automatic”)',
        fields: [
          { label: 'Tenant URL', value: baseUrl },
          { label: 'Secret token', value: token },
        ],
      },
      { title: 'Test connection, then Create', text: 'The first line of the checklist turns green.' },
      {
        title: 'Attribute mapping › Provision Microsoft Entra ID Users',
        text: 'userName must be an email address: keep userPrincipalName, or take mail where they differ.',
        fields: [
          { label: 'userName', value: choice('userPrincipalName') },
          { label: 'externalId', value: choice('objectId') },
        ],
      },
      {
        title: 'Users and groups › Add user/group',
        text: 'Only direct members of an assigned group are pushed; nested groups are not expanded.',
      },
      { title: 'Overview › Start provisioning', text: 'Leave Scope at “Sync only assigned users and groups”.' },
    ],
    pace: 'Entra ID works in cycles of about 40 minutes; “Provision on demand” pushes one person at once.',
  },
  onelogin: {
    name: 'OneLogin',
    steps: [
      { title: 'Applications › Add App', text: 'Choose “SCIM Provisioner with SAML (SCIM v2 Enterprise)”, then Save.' },
      {
        title: 'Configuration › API Connection',
        fields: [
          { label: 'SCIM Base URL', value: baseUrl },
          { label: 'SCIM Bearer Token', value: token },
        ],
      },
      { title: 'API Status › Enable, then Save', text: 'The first line of the checklist turns green.' },
      {
        title: 'Parameters',
        text: 'For “Groups” switch on “Include in User Provisioning”.',
        fields: [{ label: 'SCIM Username', value: choice('Email') }],
      },
      {
        title: 'Provisioning',
        text: 'Switch on “Enable provisioning”. Take “Create user”, “Delete user” and “Update user” out of the approvals, else every change waits for an admin.',
        fields: [
          {
            label: 'When users are deleted in OneLogin, or the user’s app access is removed',
            value: choice('Suspend'),
          },
        ],
      },
      {
        title: 'Provisioning › Entitlements › Refresh, then Rules and Access',
        text: 'A rule of the kind “Set Groups in …” pushes groups; roles under Access decide who is pushed.',
      },
    ],
    pace: 'OneLogin pushes within a minute, after approval where that is asked for.',
  },
  jumpcloud: {
    name: 'JumpCloud',
    notice: 'Activating creates a test person and a test group and removes them again. Both are in the sync logs.',
    steps: [
      {
        title: 'SSO Applications › Add New Application › Custom Application',
        text: 'Choose “Export users to this app (Identity Management)”, name it, save, and configure it.',
      },
      {
        title: 'Identity Management',
        fields: [
          { label: 'API Type', value: choice('SCIM API') },
          { label: 'SCIM Version', value: choice('SCIM 2.0') },
          { label: 'Base URL', value: baseUrl },
          { label: 'Token Key', value: token },
          { label: 'Test User Email', value: choice('an address of your domain that nobody has') },
        ],
      },
      { title: 'Test Connection, then Activate', text: 'The first line of the checklist turns green.' },
      {
        title: 'Group Management',
        text: 'Switch on “Enable management of User Groups and Group Membership in this application”, then Save.',
      },
      { title: 'User Groups', text: 'Tick the groups to push. Their members come along.' },
    ],
    pace: 'JumpCloud pushes within a few minutes.',
  },
  pingone: {
    name: 'PingOne',
    steps: [
      {
        title: 'Integrations › Provisioning › + › New Connection › Identity Store › SCIM Outbound',
        fields: [
          { label: 'SCIM Base URL', value: baseUrl },
          { label: 'Users Resource', value: choice('/Users') },
          { label: 'SCIM Version', value: choice('2.0') },
          { label: 'Groups Resource', value: choice('/Groups') },
          { label: 'Authentication Method', value: choice('OAuth 2 Bearer Token') },
          { label: 'OAuth Access Token', value: token },
          { label: 'Auth Type Header', value: choice('Bearer') },
        ],
      },
      { title: 'Test Connection, then Next', text: 'The first line of the checklist turns green.' },
      {
        title: 'Configure Preferences',
        text: 'Allow users to be created, updated and disabled.',
        fields: [
          { label: 'User Filter Expression', value: choice('userName Eq "%s"') },
          { label: 'User Identifier', value: choice('userName') },
          { label: 'Remove Action', value: choice('Disable') },
        ],
      },
      {
        title: 'Provisioning › + › New Rule',
        text: 'From PingOne to this connection. Set the user filter, map the email address to userName, and add the groups under “Group Provisioning”.',
      },
      { title: 'Enable the connection and the rule', text: 'Both have a toggle of their own.' },
    ],
    pace: 'PingOne pushes within a few minutes.',
  },
  google: {
    name: 'Google Workspace',
    notice:
      'Google pushes only to apps of its own catalogue, and only people, never groups. For an app of your own, or to map groups, let another provider push, or use just-in-time provisioning.',
    steps: [
      {
        title: 'Apps › Web and mobile apps › the catalogue app › Autoprovisioning › Configure autoprovisioning',
        fields: [
          { label: 'Access token', value: token },
          { label: 'Endpoint URL', value: baseUrl },
        ],
      },
      {
        title: 'Attribute mapping',
        fields: [{ label: 'userName', value: choice('Basic Information › Primary email') }],
      },
      {
        title: 'Provisioning scope',
        text: 'Choose the groups whose members are pushed. The groups themselves are not.',
      },
      {
        title: 'Deprovisioning',
        text: 'Choose how soon a person loses access after being suspended or deleted; then turn autoprovisioning on.',
      },
    ],
    pace: 'Google works in cycles of a few hours.',
  },
};
