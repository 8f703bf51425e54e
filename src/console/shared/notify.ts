import { notifications } from '@mantine/notifications';

const closeButtonProps = { 'aria-label': 'Close' };

/** A short word in the corner: something was done. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: 'teal', closeButtonProps });
}

/** A write that was refused, in the service's own words. It stays until it is closed. */
export function notifyError(error: Error): void {
  notifications.show({ message: error.message, color: 'red', autoClose: false, role: 'alert', closeButtonProps });
}
