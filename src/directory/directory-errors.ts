import { DomainError } from '../platform/errors.ts';

/**
 * A userName or email is taken. The words are the same whether this or another organization holds it, so that nobody
 * can probe who is a customer elsewhere.
 */
export class AlreadyInUseError extends DomainError {
  /** @param remedy what to do about it; left out: what an identity provider can do */
  constructor(
    attribute: 'userName' | 'email',
    remedy = 'Find the existing user by filter and update it by id, or choose another.',
  ) {
    super(
      'conflict',
      'already-in-use',
      `This ${attribute === 'userName' ? 'userName' : 'email address'} is already in use; ` +
        `it may belong to a user of another organization. ${remedy}`,
    );
    this.name = 'AlreadyInUseError';
  }
}

/** A group's externalId is taken by another group of the organization. */
export class ExternalIdInUseError extends DomainError {
  constructor(externalId: string) {
    super(
      'conflict',
      'already-in-use',
      `Another group already has the externalId "${externalId}". Find it by filter (externalId eq "${externalId}") and update it by id.`,
      { externalId },
    );
    this.name = 'ExternalIdInUseError';
  }
}

/** A value breaks a rule of the directory; `attribute` is the SCIM name that the caller sent. */
export class InvalidAttributeError extends DomainError {
  constructor(attribute: string, message: string) {
    super('invalid', 'invalid-value', message, { attribute });
    this.name = 'InvalidAttributeError';
  }
}

/** How many unknown ids an error names; more would be noise. */
const namedIds = 10;

/** Members that are no users of this organization. Nothing was changed. */
export class UnknownMembersError extends DomainError {
  constructor(ids: readonly string[]) {
    const named = ids.slice(0, namedIds).join(', ');
    const rest = ids.length > namedIds ? ` and ${ids.length - namedIds} more` : '';
    super(
      'invalid',
      'invalid-value',
      `No user of this organization has the id ${named}${rest}. Create the user first, then add it to the group; nothing was changed.`,
      { unknownMembers: ids.slice(0, namedIds) },
    );
    this.name = 'UnknownMembersError';
  }
}
