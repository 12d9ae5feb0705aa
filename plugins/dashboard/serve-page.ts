// Owns the answers to GETs below `/`: the page for the paths that it knows, its files, and 404 for the rest.
// Must not answer with the page for any path: a wrong address has to be seen as one.
import type { Asset } from './read-assets.ts'

/**
 * Nothing but our own files, nothing inline, nothing framed; a string can never become markup or code.
 * `form-action` stays closed because every form is sent by script.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const views =
  /^\/(sites\/[0-9a-f-]{36}(\/(links|parking|people|(stations|tariffs)(\/[0-9a-f-]{36})?|bills|payments|disputes|invoices|memberships|partners|reconciliation|reports|periods|exports|system|files))?)?$/

export function servePage(assets: ReadonlyMap<string, Asset>): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url)
    const asset = views.test(pathname) ? assets.get('index.html') : assets.get(fileNamed(pathname))
    if (!asset) return new Response('There is nothing at this address.\n', { status: 404, headers: plain })
    const headers = {
      'Content-Type': asset.type,
      'Content-Security-Policy': policy,
      // Checked with the hub each time: after an update no browser runs half of each version.
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
      ETag: asset.etag,
    }
    if (request.headers.get('if-none-match')?.split(/,\s*/).includes(asset.etag)) {
      return new Response(null, { status: 304, headers })
    }
    return new Response(request.method === 'HEAD' ? null : asset.bytes, { headers })
  }
}

const plain = { 'Content-Type': 'text/plain; charset=utf-8' }
const folder = '/dashboard/'

/** The page itself has its own addresses, so that it is not found under a second one. */
function fileNamed(pathname: string): string {
  const name = pathname.startsWith(folder) ? pathname.slice(folder.length) : ''
  return name.endsWith('.html') ? '' : name
}
