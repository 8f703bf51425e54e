/**
 * Why a command cannot begin or go on, for the person who typed it: what is wrong and what to do, in one line. The
 * program prints the message alone, without a stack trace, and exits with 1.
 */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartupError';
  }
}
