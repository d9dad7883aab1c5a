/** Headers that go with every page and file of the window, in both modes. */

/**
 * Everything is denied, then what the window needs is allowed: its own scripts, styles, fonts and images, and one
 * connection. `style-src` needs 'unsafe-inline' for the style attributes that charts and overlays set; no image, font
 * or connection can leave, so a style cannot carry anything away.
 */
export function contentSecurityPolicy(connectSource: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src ${connectSource}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join('; ')
}

export function pageHeaders(connectSource: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': contentSecurityPolicy(connectSource),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
    'Cache-Control': 'no-store'
  }
}

/**
 * A report is a page of its own, opened beside the window: no script, no connection, no form, and of another origin than the
 * window even where it is served by the same console.
 */
export const REPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

/** The name as browsers of all times read it. */
export function contentDisposition(kind: 'attachment' | 'inline', fileName: string): string {
  return `${kind}; filename="${asciiName(fileName)}"; filename*=UTF-8''${encodeRfc5987(fileName)}`
}

const asciiName = (name: string): string => name.replace(/[^\w .()+-]/g, '_')
const encodeRfc5987 = (name: string): string =>
  encodeURIComponent(name).replace(/['()*!]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
