import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';

/** Tells the address that a request came from. */
export type ClientAddress = (req: IncomingMessage) => string | undefined;

/** @param trustedHops how many proxies in front of us are believed, as Express counts them in `trust proxy` */
export function clientAddress(trustedHops: number): ClientAddress {
  return (req) => proxyAddr(req, (_address, hop) => hop < trustedHops);
}
