// Owns the mending of handshakes whose Connection header does not say Upgrade (W3), on the bytes before HTTP parsing.
// Must not touch any other request. Node's HTTP server takes such a handshake for a plain request, so this has to come first.

const header = /\r\nconnection:[^\r\n]*/i

/** What the Connection header says after mending; the handshake counts it. */
export const repairedConnection = 'Upgrade, repaired'

/**
 * The first bytes of a TCP connection, with `Connection: Upgrade` put into a WebSocket handshake that lacks it. To be used in
 * front of the HTTP server: `net.createServer(s => s.once('data', first => { s.pause(); s.unshift(repairUpgradeHead(first));
 * http.emit('connection', s); s.resume() }))`.
 */
export function repairUpgradeHead(first: Buffer): Buffer {
  const end = first.indexOf('\r\n\r\n')
  if (end < 0 || !first.subarray(0, 4).equals(Buffer.from('GET '))) return first
  const head = first.toString('latin1', 0, end)
  if (!/\r\nupgrade:[ \t]*websocket/i.test(head) || !/\r\nsec-websocket-key:/i.test(head)) return first
  const connection = header.exec(head)?.[0] ?? ''
  if (/upgrade/i.test(connection)) return first
  const mended = `${head.replace(header, '')}\r\nConnection: ${repairedConnection}\r\n\r\n`
  return Buffer.concat([Buffer.from(mended, 'latin1'), first.subarray(end + 4)])
}
