declare global {
  var __webpack_nonce__: string | undefined;
}

/** The value that lets our stylesheets through the content security policy; it belongs to this very page. */
export function cspNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

/** The package that locks scrolling behind dialogs looks for the nonce under this name. */
export function shareCspNonce(): void {
  globalThis.__webpack_nonce__ = cspNonce();
}
